/* Made by texts.mjs from src/explain/XX.txt. */
declare module "texts:en" {
	type Code = `code.${"F" | "P"}${number}.${"title" | "short" | "why" | "do" | "y" | "n"}`;
	const texts: Record<Code | `card.${string}` | `fact.${string}` | `enforce.${string}`, string>;
	export default texts;
}
declare module "texts:ru" {
	const texts: Record<string, string>;
	export default texts;
}
declare module "texts:pt" {
	const texts: Record<string, string>;
	export default texts;
}
declare module "texts:cs" {
	const texts: Record<string, string>;
	export default texts;
}
declare module "texts:de" {
	const texts: Record<string, string>;
	export default texts;
}
