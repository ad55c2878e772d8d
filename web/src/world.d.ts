/* Made by world.mjs at build time; null: without the data. */
declare module "map:world" {
	const world: { width: number; height: number; paths: Record<string, string>; rest: string } | null;
	export default world;
}
