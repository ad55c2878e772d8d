/* The path the app lives under, from <base href>; ends in a slash. */
export const BASE: string = typeof document === "undefined" ? "/" : new URL(document.baseURI).pathname;
