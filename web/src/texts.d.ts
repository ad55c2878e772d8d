/* Made by texts.mjs from src/explain/XX.txt. */
declare module "texts:en" {
	type Code = `code.${"F" | "P"}${number}.${"title" | "short" | "why" | "do" | "y" | "n"}`;
	const texts: Record<Code | `card.${string}` | `fact.${string}` | `enforce.${string}`, string>;
	export default texts;
}
