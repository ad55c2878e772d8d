/*
 * Outlines of countries as a module: import world from "map:world" gives
 * { width, height, paths: { DE: "M…Z", … }, rest: "M…Z" }, or null when the
 * package with the data is not there.
 *
 * The data is Natural Earth's, public domain, 1:110 million, from the npm
 * package world-atlas (ISC); no file of it is in our sources. It is projected
 * here, once: Equal Earth (Šavrič, Patterson, Jenny 2018), in which areas are
 * true, so that a large country does not look like more mail.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const WIDTH = 960;
const SOUTH = -58;	/* further south nobody sends mail */
const A1 = 1.340264, A2 = -0.081106, A3 = 0.000893, A4 = 0.003796;

function equalEarth(lon, lat) {
	const a = Math.asin(Math.sqrt(3) / 2 * Math.sin(lat * Math.PI / 180)), a2 = a * a, a6 = a2 * a2 * a2;
	return [
		2 * Math.sqrt(3) * (lon * Math.PI / 180) * Math.cos(a) / (3 * (9 * A4 * a6 * a2 + 7 * A3 * a6 + 3 * A2 * a2 + A1)),
		a * (A4 * a6 * a2 + A3 * a6 + A2 * a2 + A1),
	];
}

/* TopoJSON: lines are stored once, as differences in a grid; ~n is line n from its end. */
function lines(topology) {
	const { scale: [sx, sy], translate: [tx, ty] } = topology.transform;
	return topology.arcs.map((arc) => {
		let x = 0, y = 0;
		return arc.map(([dx, dy]) => [(x += dx) * sx + tx, (y += dy) * sy + ty]);
	});
}

const ring = (all, arcs) => arcs.flatMap((i, n) => {
	const line = i < 0 ? [...all[~i]].reverse() : all[i];
	return n === 0 ? line : line.slice(1);
});

/* What crosses the 180th meridian jumps from one edge to the other: it is cut there, into a part at each edge. */
function parts(points) {
	let turn = 0;
	const on = points.map(([lon, lat], i) => {
		const d = i === 0 ? 0 : lon - points[i - 1][0];
		turn += d > 180 ? -360 : d < -180 ? 360 : 0;
		return [lon + turn, lat];
	});
	const lons = on.map((p) => p[0]);
	const out = [cut(cut(on, -180, 1), 180, -1)];
	if (Math.max(...lons) > 180)
		out.push(cut(on.map(([lon, lat]) => [lon - 360, lat]), -180, 1));
	if (Math.min(...lons) < -180)
		out.push(cut(on.map(([lon, lat]) => [lon + 360, lat]), 180, -1));
	return out;
}

/* Of a ring what lies on one side of a meridian: side 1 east of it, -1 west. */
function cut(points, at, side) {
	const inside = ([lon]) => side * (lon - at) >= 0;
	return points.flatMap((p, i) => {
		const q = points[(i + points.length - 1) % points.length], a = inside(q), b = inside(p);
		const edge = a !== b ? [[at, q[1] + (p[1] - q[1]) * (at - q[0]) / (p[0] - q[0])]] : [];
		return b ? [...edge, p] : edge;
	});
}

/* Numbers with one decimal; steps from point to point, which are shorter. */
function path(points) {
	let d = "", px = 0, py = 0, n = 0;
	for (const [x, y] of points) {
		const dx = Math.round(x * 10) - px, dy = Math.round(y * 10) - py;
		if (n > 0 && dx === 0 && dy === 0)
			continue;
		d += `${n === 0 ? "M" : n === 1 ? "l" : ""}${dx / 10}${dy < 0 ? "" : ","}${dy / 10}${n > 0 ? " " : ""}`;
		px += dx;
		py += dy;
		n++;
	}
	return n < 3 ? "" : d.trimEnd() + "z";
}

export function worldOf(topology) {
	const all = lines(topology);
	const [right] = equalEarth(180, 0), [, top] = equalEarth(0, 84), [, bottom] = equalEarth(0, SOUTH);
	const scale = WIDTH / (2 * right);
	const place = ([lon, lat]) => {
		const [x, y] = equalEarth(lon, Math.max(lat, SOUTH));
		return [(x + right) * scale, (top - y) * scale];
	};
	const out = { width: WIDTH, height: Math.ceil((top - bottom) * scale), paths: {}, rest: "" };

	for (const g of topology.objects.countries.geometries) {
		if (g.id === "010")	/* Antarctica */
			continue;
		const rings = (g.type === "Polygon" ? [g.arcs] : g.arcs).flat();
		const d = rings.flatMap((arcs) => parts(ring(all, arcs))).map((r) => path(r.map(place))).join("");
		const code = g.id === undefined ? "" : new Intl.Locale(`und-${g.id}`).region ?? "";	/* ISO's number to its letters */
		if (/^[A-Z]{2}$/.test(code))
			out.paths[code] = (out.paths[code] ?? "") + d;
		else
			out.rest += d;
	}
	return out;
}

function read() {
	try {
		return worldOf(JSON.parse(readFileSync(createRequire(import.meta.url).resolve("world-atlas/countries-110m.json"), "utf8")));
	} catch (e) {
		if (e.code !== "MODULE_NOT_FOUND" && e.code !== "ENOENT")
			throw e;
		return null;
	}
}

export const world = () => ({
	name: "world",
	setup(build) {
		build.onResolve({ filter: /^map:world$/ }, () => ({ path: "world", namespace: "map" }));
		build.onLoad({ filter: /^world$/, namespace: "map" }, () => ({ contents: `export default ${JSON.stringify(read())};`, loader: "js" }));
	},
});
