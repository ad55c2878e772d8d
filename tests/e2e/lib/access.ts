// A daemon with users: signing in as a browser does, and report mail about domains that are known apart.
import assert from 'node:assert/strict';
import { request as plain, type IncomingHttpHeaders } from 'node:http';
import { request as secure } from 'node:https';

export interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	text: string;
}

export interface Ask {
	method?: string;
	headers?: Record<string, string | string[]>;
	body?: string;
	ca?: Buffer;
	servername?: string;
	maxVersion?: 'TLSv1.1' | 'TLSv1.2';
}

export const secretWords = 'a long enough password';

// path: all of it, with the base path
export function ask(url: string, path: string, o: Ask = {}): Promise<Answer> {
	const u = new URL(url);
	return new Promise((resolve, reject) => {
		const r = (u.protocol === 'https:' ? secure : plain)(
			{
				host: u.hostname.replace(/^\[|\]$/g, ''), port: u.port, path, method: o.method ?? 'GET', headers: o.headers ?? {}, agent: false,
				...(o.ca === undefined ? {} : { ca: o.ca, servername: o.servername ?? 'localhost' }),
				...(o.maxVersion === undefined ? {} : { maxVersion: o.maxVersion, minVersion: 'TLSv1' as const, ciphers: 'DEFAULT:@SECLEVEL=0' }),
			},
			(res) => {
				let text = '';
				res.setEncoding('utf8').on('data', (d: string) => (text += d));
				res.on('error', reject);
				res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
			},
		);
		r.on('error', reject);
		r.end(o.body);
	});
}

export const doing = { 'X-Dmarcd-Action': '1' };
export const asJson = { ...doing, 'Content-Type': 'application/json' };

export interface Me {
	user: string | null;
	role: string;
	domains: string[] | null;
	csrf: string | null;
	how: string;
}

/** Somebody who is signed in: a cookie, and the token against forged requests. */
export class Session {
	readonly me: Me;

	constructor(readonly url: string, readonly base: string, readonly cookie: string, readonly setCookie: string, text: string, readonly ca?: Buffer) {
		this.me = JSON.parse(text) as Me;
	}

	get headers(): Record<string, string> {
		return { Cookie: this.cookie };
	}

	get(path: string, more: Record<string, string> = {}): Promise<Answer> {
		return ask(this.url, `${this.base}${path}`, { headers: { ...this.headers, ...more }, ...(this.ca === undefined ? {} : { ca: this.ca }) });
	}

	act(path: string, method = 'POST', body?: string): Promise<Answer> {
		return ask(this.url, `${this.base}${path}`, {
			method,
			headers: { ...this.headers, ...(body === undefined ? doing : asJson), 'X-CSRF-Token': this.me.csrf ?? '',
				...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }) },
			...(body === undefined ? {} : { body }),
			...(this.ca === undefined ? {} : { ca: this.ca }),
		});
	}
}

export function tryLogin(url: string, user: string, password: string, more: Record<string, string> = {}, base = '', ca?: Buffer): Promise<Answer> {
	const body = JSON.stringify({ user, password });
	return ask(url, `${base}/api/v1/login`, {
		method: 'POST', headers: { ...asJson, 'Content-Length': String(Buffer.byteLength(body)), ...more }, body, ...(ca === undefined ? {} : { ca }),
	});
}

export async function login(url: string, user: string, password = secretWords, base = '', ca?: Buffer): Promise<Session> {
	const a = await tryLogin(url, user, password, {}, base, ca);
	assert.equal(a.status, 200, a.text);
	const set = a.headers['set-cookie'];
	assert.equal(set?.length, 1);
	return new Session(url, base, (set?.[0] ?? '').split(';')[0] ?? '', set?.[0] ?? '', a.text, ca);
}

// --- Report mail ----------------------------------------------------------------------

export interface Party {
	domain: string;
	reporter: string; // its domain
	n: number; // makes ids differ
	ip: string;
	day: string; // YYYY-MM-DD
	selector: string;
	fails?: boolean;
}

export function aggregate(p: Party): string {
	const begin = Date.parse(`${p.day}T00:00:00Z`) / 1000;
	const ok = p.fails === true ? 'fail' : 'pass';
	const rows = [0, 1, 2].map((i) => `<record><row><source_ip>${p.ip.replace(/\d+$/, (d) => String(Number(d) + i))}</source_ip><count>${10 * p.n + i + 1}</count>
<policy_evaluated><disposition>none</disposition><dkim>${ok}</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>${i === 2 ? 'sub.' : ''}${p.domain}</header_from><envelope_from>bounce.${p.domain}</envelope_from></identifiers>
<auth_results><dkim><domain>${p.domain}</domain><selector>${p.selector}</selector><result>${ok}</result></dkim>
<spf><domain>bounce.${p.domain}</domain><result>fail</result></spf></auth_results></record>`).join('\n');
	return `From: reports@${p.reporter}
To: dmarc@${p.domain}
Subject: Report domain: ${p.domain} Submitter: ${p.reporter} Report-ID: <${p.domain}-${p.n}>
Message-ID: <${p.domain}.${p.n}@${p.reporter}>
Date: ${new Date(begin * 1000 + 86400000).toUTCString()}
MIME-Version: 1.0
Content-Type: text/xml; charset=utf-8
Content-Disposition: attachment; filename="${p.reporter}!${p.domain}!${begin}!${begin + 86399}.xml"

<?xml version="1.0"?><feedback><version>1.0</version><report_metadata><org_name>${p.reporter}</org_name><email>reports@${p.reporter}</email>
<report_id>${p.domain}-${p.n}</report_id><date_range><begin>${begin}</begin><end>${begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>${p.domain}</domain><adkim>r</adkim><aspf>r</aspf><p>${p.n % 2 === 0 ? 'none' : 'reject'}</p><sp>none</sp><pct>100</pct></policy_published>
${rows}
</feedback>
`;
}

export function failure(p: Party): string {
	return `From: reports@${p.reporter}
To: dmarc@${p.domain}
Subject: FW: failure about ${p.domain}
Message-ID: <f.${p.domain}.${p.n}@${p.reporter}>
Date: ${new Date(Date.parse(`${p.day}T10:00:00Z`)).toUTCString()}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A failure about ${p.domain}.
--b
Content-Type: message/feedback-report

Feedback-Type: auth-failure
User-Agent: test/1
Version: 1
Original-Mail-From: <bounce@${p.domain}>
Arrival-Date: ${new Date(Date.parse(`${p.day}T10:00:00Z`)).toUTCString()}
Source-IP: ${p.ip}
Reported-Domain: ${p.domain}
Auth-Failure: dmarc
Authentication-Results: mx.${p.reporter}; dmarc=fail header.from=${p.domain}; spf=fail smtp.mailfrom=bounce.${p.domain}

--b
Content-Type: message/rfc822

From: somebody@${p.domain}
To: rcpt@${p.reporter}
Subject: hello
Message-ID: <m${p.n}@${p.domain}>

text
--b--
`;
}

export function tls(p: Party, others: string[] = []): string {
	const policy = (d: string): object => ({
		policy: { 'policy-type': 'sts', 'policy-string': ['version: STSv1', 'mode: testing', `mx: mx.${d}`, 'max_age: 86400'], 'policy-domain': d, 'mx-host': [`mx.${d}`] },
		summary: { 'total-successful-session-count': 100 + p.n, 'total-failure-session-count': p.n },
		'failure-details': [{ 'result-type': 'certificate-expired', 'sending-mta-ip': p.ip, 'receiving-mx-hostname': `mx.${d}`, 'failed-session-count': p.n }],
	});
	const json = JSON.stringify({
		'organization-name': p.reporter, 'date-range': { 'start-datetime': `${p.day}T00:00:00Z`, 'end-datetime': `${p.day}T23:59:59Z` },
		'contact-info': `reports@${p.reporter}`, 'report-id': `tls-${p.domain}-${p.n}`, policies: [p.domain, ...others].map(policy),
	});
	return `From: reports@${p.reporter}
To: tls@${p.domain}
Subject: Report Domain: ${p.domain} Submitter: ${p.reporter}
TLS-Report-Domain: ${p.domain}
TLS-Report-Submitter: ${p.reporter}
Message-ID: <t.${p.domain}.${p.n}@${p.reporter}>
Date: ${new Date(Date.parse(`${p.day}T23:59:59Z`)).toUTCString()}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=tlsrpt; boundary="b"

--b
Content-Type: text/plain

TLS report
--b
Content-Type: application/tlsrpt+json
Content-Disposition: attachment; filename="${p.reporter}!${p.domain}!1!2!001.json"

${json}
--b--
`;
}
