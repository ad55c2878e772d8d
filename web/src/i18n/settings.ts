/* The texts of the page Settings, which only admins need: loaded with it. */
import { more } from "./lang";

await more({
	en: () => import("./en-settings"), cs: () => import("./cs-settings"), de: () => import("./de-settings"),
	pt: () => import("./pt-settings"), ru: () => import("./ru-settings"),
});
