/* Runs before the first paint: light or dark, so that nothing flashes. */
(() => {
	let theme: string | null = null;
	try {
		theme = localStorage.getItem("dmarcd.theme");
	} catch {
		/* storage may be forbidden; the system's choice it is */
	}
	const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
	document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
