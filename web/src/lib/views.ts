/* Saved views: questions with a name. */
import { send, waitFor } from "./api";
import type { Said, View } from "./types-todo";

/* A path of ours, whatever stands there. */
export const viewPath = (v: Pick<View, "page" | "query">): string =>
	(/^\/(?![/\\])/.test(v.page) ? v.page : "/") + (v.query === "" ? "" : `?${v.query}`);

export async function saveView(name: string, page: string, query: string): Promise<void> {
	await waitFor(await send<Said<View>>("POST", "views", { name, page, query }));
}
export async function removeView(id: string): Promise<void> {
	await waitFor(await send<Said<null>>("DELETE", `views/${encodeURIComponent(id)}`));
}
