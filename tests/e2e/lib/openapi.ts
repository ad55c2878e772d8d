// schema/openapi.yaml, and whether an answer is what it says.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export interface Parameter {
	name: string;
	in: 'query' | 'path';
	required?: boolean;
	schema: { enum?: (string | number)[]; $ref?: string; type?: string; minimum?: number; maximum?: number };
}
interface Operation {
	operationId: string;
	parameters?: { $ref: string }[];
	responses: Record<string, { $ref?: string; content?: Record<string, unknown> }>;
}
interface Document {
	paths: Record<string, { get?: Operation; post?: Operation; put?: Operation; patch?: Operation; delete?: Operation }>;
	components: { parameters: Record<string, Parameter> };
}

const pointer = (s: string): string => s.replace(/~/g, '~0').replace(/\//g, '~1').replace(/\{/g, '%7B').replace(/\}/g, '%7D');

export class Spec {
	readonly doc: Document;
	private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, formats: { binary: true } });
	private readonly compiled = new Map<string, ValidateFunction>();

	constructor(path: string) {
		this.doc = parse(readFileSync(path, 'utf8')) as Document;
		this.ajv.addSchema(this.doc, 'openapi');
	}

	get paths(): string[] {
		return Object.keys(this.doc.paths).filter((p) => this.doc.paths[p]?.get !== undefined && p !== '/metrics');	// no JSON, and off by default: summary.test.ts
	}

	get posts(): string[] {
		return Object.keys(this.doc.paths).filter((p) => this.doc.paths[p]?.post !== undefined);
	}

	get puts(): string[] {
		return Object.keys(this.doc.paths).filter((p) => this.doc.paths[p]?.put !== undefined);
	}

	parameters(path: string): Parameter[] {
		return (this.doc.paths[path]?.get?.parameters ?? []).map((p) => {
			const found = this.doc.components.parameters[p.$ref.slice('#/components/parameters/'.length)];
			if (found === undefined) throw new Error(`${path}: ${p.$ref} is not there`);
			return found;
		});
	}

	// What is wrong with an answer, one line each; [] when nothing is.
	faults(path: string, status: number, type: string | undefined, body: unknown, method: 'get' | 'post' | 'put' | 'patch' | 'delete' = 'get'): string[] {
		const op = this.doc.paths[path]?.[method];
		if (op === undefined) return [`${path} is not described`];
		const media = (type ?? '').split(';')[0]?.trim() ?? '';
		const code = String(status) in op.responses ? String(status) : 'default';
		let at = `openapi#/paths/${pointer(path)}/${method}/responses/${code}`;
		let response = op.responses[code];
		if (response?.$ref !== undefined) {
			at = `openapi${response.$ref}`;
			const parts = response.$ref.slice(2).split('/');
			response = parts.reduce<unknown>((o, k) => (o as Record<string, unknown>)[k], this.doc) as typeof response;
		}
		if (response?.content === undefined) return media === '' ? [] : [`${status} has no content, got ${media}`];
		if (!(media in response.content)) return [`${media} is not described for ${status}`];
		return this.check(`${at}/content/${pointer(media)}/schema`, body);
	}

	private check(ref: string, body: unknown): string[] {
		let v = this.compiled.get(ref);
		if (v === undefined) {
			v = this.ajv.compile({ $ref: ref });
			this.compiled.set(ref, v);
		}
		return v(body) === true ? [] : (v.errors ?? []).map((e) => `${e.instancePath}: ${e.message ?? ''} ${JSON.stringify(e.params)}`);
	}
}
