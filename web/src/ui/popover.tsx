/* A button with a panel; on phones the panel is a sheet at the bottom. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
	label: string;			/* the name of the panel */
	button: ComponentChildren;
	children: (close: () => void) => ComponentChildren;
	cls?: string;			/* of the button */
	title?: string;
	id?: string;
	align?: "left" | "right";
	wide?: boolean;
}

export function Popover({ label, button, children, cls = "btn", title, id, align = "left", wide = false }: Props) {
	const [open, setOpen] = useState(false);
	const root = useRef<HTMLDivElement>(null);
	const trigger = useRef<HTMLButtonElement>(null);

	const close = () => {
		setOpen(false);
		trigger.current?.focus();
	};
	useLayoutEffect(() => {
		if (!open)
			return;
		const first = root.current?.querySelector<HTMLElement>("[data-autofocus], .panel input, .panel button");
		first?.focus();
		const outside = (e: PointerEvent) => {
			if (!root.current?.contains(e.target as Node))
				setOpen(false);
		};
		const key = (e: KeyboardEvent) => {
			if (e.key === "Escape") {
				e.preventDefault();
				close();
			}
		};
		const leave = (e: FocusEvent) => {
			if (e.relatedTarget instanceof Node && !root.current?.contains(e.relatedTarget))
				setOpen(false);
		};
		const el = root.current;
		document.addEventListener("pointerdown", outside);
		document.addEventListener("keydown", key, true);
		el?.addEventListener("focusout", leave);
		return () => {
			document.removeEventListener("pointerdown", outside);
			document.removeEventListener("keydown", key, true);
			el?.removeEventListener("focusout", leave);
		};
	}, [open]);

	return (
		<div class={`pop ${open ? "open" : ""}`} ref={root}>
			<button type="button" ref={trigger} id={id} class={cls} title={title} aria-expanded={open} aria-haspopup="dialog"
				onClick={() => setOpen(!open)}>{button}</button>
			{open && <div class={`panel ${align} ${wide ? "wide" : ""}`} role="dialog" aria-label={label}>{children(close)}</div>}
		</div>
	);
}
