// An aggregate report of which any value can be anything; values are put in as they are given, not escaped.

export interface Row {
	ip?: string;
	count?: string;
	disp?: string;
	dkim?: string;
	spf?: string;
	reason?: string; // whole <reason> elements
	hfrom?: string;
	ids?: string; // more of identifiers
	auth?: string; // what stands in auth_results
}

export interface Report {
	domain?: string;
	id?: string;
	org?: string;
	email?: string;
	meta?: string; // more of report_metadata
	policy?: string; // more of policy_published
	dates?: string; // what stands in date_range
	rows?: (Row | string)[];
	declaration?: string;
	root?: string; // attributes of feedback
	first?: string; // before the metadata
	last?: string; // before the end of feedback
}

/** 2026-01-01, whole. */
export const day = { begin: 1767225600, end: 1767311999 };

/** What a row counts that says nothing else; an odd number, so that a sum shows which rows are in it. */
export const unit = 7;

export function row(r: Row): string {
	return `<record><row><source_ip>${r.ip ?? '203.0.113.5'}</source_ip><count>${r.count ?? unit}</count><policy_evaluated>` +
		`<disposition>${r.disp ?? 'none'}</disposition><dkim>${r.dkim ?? 'pass'}</dkim><spf>${r.spf ?? 'fail'}</spf>${r.reason ?? ''}</policy_evaluated></row>` +
		`<identifiers><header_from>${r.hfrom ?? 'hostile.example'}</header_from>${r.ids ?? ''}</identifiers><auth_results>` +
		`${r.auth ?? '<dkim><domain>hostile.example</domain><selector>s</selector><result>pass</result></dkim>'}</auth_results></record>`;
}

export function report(name: string, r: Report = {}): string {
	return `${r.declaration ?? '<?xml version="1.0" encoding="UTF-8"?>'}\n<feedback${r.root ?? ''}>${r.first ?? ''}<report_metadata>` +
		`<org_name>${r.org ?? 'Reporter'}</org_name><email>${r.email ?? 'dmarc@reporter.example'}</email><report_id>${r.id ?? name}</report_id>${r.meta ?? ''}` +
		`<date_range>${r.dates ?? `<begin>${day.begin}</begin><end>${day.end}</end>`}</date_range></report_metadata>` +
		`<policy_published><domain>${r.domain ?? `${name}.hostile.example`}</domain>${r.policy ?? '<p>none</p>'}</policy_published>` +
		`${(r.rows ?? [{}]).map((x) => (typeof x === 'string' ? x : row(x))).join('')}${r.last ?? ''}</feedback>\n`;
}
