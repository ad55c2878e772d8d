/* Line icons of our own, 20 units wide, drawn in the colour of the text. */

const PATHS = {
	overview: "M3 10.5 10 4l7 6.5M5 9v7h4v-4h2v4h4V9",
	todo: "M4 5.5l1.5 1.5L8 4.5M4 13l1.5 1.5L8 12M11 6h5.5M11 13.5h5.5",
	clock: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 6v4l2.8 1.8",
	star: "m10 3.2 2.1 4.4 4.8.6-3.5 3.3.9 4.8-4.3-2.4-4.3 2.4.9-4.8L3.1 8.2l4.8-.6z",
	domains: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M3 10h14M10 3c2.4 2 3.4 4.3 3.4 7s-1 5-3.4 7c-2.4-2-3.4-4.3-3.4-7s1-5 3.4-7",
	senders: "M7.5 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6M2.5 16.5c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 5.2a2.6 2.6 0 0 1 0 4.6M15 12.6c1.5.7 2.5 2 2.5 3.9",
	undo: "M5 5v4h4M5.3 9A5.5 5.5 0 1 1 5 12.5",
	sources: "M4 4h12v4H4zM4 12h12v4H4zM7 6h.01M7 14h.01",
	explore: "M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12.3 12.3 17 17",
	reports: "M5 3h7l3 3v11H5zM12 3v3h3M8 10h4M8 13h4",
	intake: "M3 11h4l1 2h4l1-2h4M3 11v5h14v-5M3 11l2.5-6h9L17 11",
	help: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M8 8.2c0-1.2.9-2 2-2s2 .8 2 1.9c0 1.5-2 1.7-2 3.2M10 14h.01",
	more: "M5 10h.01M10 10h.01M15 10h.01",
	check: "m4.5 10.5 3.5 3.5 7.5-8",
	cross: "M5.5 5.5l9 9M14.5 5.5l-9 9",
	warn: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.3h.01",
	info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 9v5M10 6.5h.01",
	plus: "M10 4.5v11M4.5 10h11",
	down: "m5.5 8 4.5 4.5L14.5 8",
	right: "m8 5.5 4.5 4.5L8 14.5",
	left: "M12 5.5 7.5 10l4.5 4.5",
	share: "M14 3.5v5h-5M14 3.5 8.5 9M8 4.5H4v11.5h11.5V12",
	copy: "M7 7h9v9H7zM4 13V4h9",
	filter: "M3.5 5h13M6 10h8M8.5 15h3",
	download: "M10 3.5v9M6 9l4 4 4-4M4 16.5h12",
	sun: "M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6M10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1",
	moon: "M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5",
	auto: "M3 4.5h14v9.5H3zM7.5 17h5M10 14v3",
	calendar: "M4 5h12v11H4zM4 8.5h12M7 3v3M13 3v3",
	mail: "M3 5h14v10H3zM3.5 5.5 10 11l6.5-5.5",
	decode: "M3 4h14v9H9l-4 4v-4H3zM8.2 7a1.9 1.9 0 1 1 2.4 1.9c-.4.2-.6.4-.6.9M10 11.4v.1",
	envelope: "M3 5h14v10H3zM3.5 5.5 10 11l6.5-5.5M7.5 12.5l-3 2M12.5 12.5l3 2",
	lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9M10 12v2",
	keyboard: "M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7",
	dot: "M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
	shield: "M10 2.8 16 5v4.7c0 3.8-2.5 6-6 7.5-3.5-1.5-6-3.7-6-7.5V5z",
	eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
	forward: "M11 5l5 5-5 5M16 10H8a4 4 0 0 0-4 4v1",
	off: "M4 10h12",
	signout: "M8 4H4v12h4M12 6l4 4-4 4M16 10H8",
	settings: "M4 6h8M15 6h1M4 14h1M8 14h8M13.5 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4M6.5 12a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
};
export type IconName = keyof typeof PATHS;

/* Decoration only: the word beside it says the same. */
export function Icon({ name, size = 20, cls = "" }: { name: IconName; size?: number; cls?: string }) {
	return (
		<svg class={`icon ${cls}`} width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor"
			stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
			<path d={PATHS[name]} />
		</svg>
	);
}
