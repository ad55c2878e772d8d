/* Files that people hand in: dropped here or chosen; each with what became of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { bytes, percent } from "../lib/format";
import { href } from "../lib/router";
import { safeText } from "../lib/safe";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import { fault, linkOf, upload, type Upload } from "../lib/upload";
import { Icon, type IconName } from "./icons";
import { useMeta } from "./meta";
import { Section } from "./page";
import { Safe } from "./text";

const SHOWN = 200;	/* lines; the oldest go */
const ACCEPT = ".xml,.gz,.zip,.json,.eml,.mbox,.tgz,.tar,.bz2,.xz,message/rfc822,text/xml,application/xml,application/gzip,application/zip,application/json";
const GOOD = ["stored", "duplicate", "replaced"];

let serial = 0;

function line(u: Upload): string {
	const text = safeText(u.text);
	switch (u.state) {
	case "queued": return t("upload.queued");
	case "sending": return t("upload.sending", { share: percent(u.share) });
	case "reading": return t("upload.reading");
	case "refused": return t("upload.refused", { text });
	case "done": return u.result === null ? text : t(`upload.${u.result}`, { n: u.reports, text });
	}
}
const tone = (u: Upload): "ok" | "warn" | "busy" =>
	u.state === "done" ? (u.result !== null && GOOD.includes(u.result) ? "ok" : "warn") : u.state === "refused" ? "warn" : "busy";
const ICON: Record<string, IconName> = { ok: "check", warn: "warn", busy: "auto" };

export function UploadBox({ read }: { read: () => void }) {
	const m = useMeta(), who = useStore(me);
	const [list, setList] = useState<Upload[]>([]);
	const [over, setOver] = useState(false);
	const input = useRef<HTMLInputElement>(null);
	const queue = useRef<{ id: number; file: File }[]>([]);
	const busy = useRef(false);
	const may = m?.features.upload === true && isAdmin(who);

	/* A file that misses the box must not take the page's place. */
	useEffect(() => {
		if (!may)
			return;
		const no = (e: DragEvent) => e.dataTransfer?.types.includes("Files") && e.preventDefault();
		addEventListener("dragover", no);
		addEventListener("drop", no);
		return () => {
			removeEventListener("dragover", no);
			removeEventListener("drop", no);
		};
	}, [may]);
	if (!may)
		return null;

	const change = (id: number, c: Partial<Upload>): void => setList((l) => l.map((u) => u.id === id ? { ...u, ...c } : u));
	const work = async (): Promise<void> => {
		if (busy.current)
			return;
		busy.current = true;
		for (let next = queue.current.shift(); next !== undefined; next = queue.current.shift()) {
			const { id, file } = next;
			const wrong = fault(file, m?.limits.upload_bytes);
			if (wrong !== null)
				change(id, { state: "refused", text: t(`upload.${wrong}`, { most: bytes(m?.limits.upload_bytes ?? 0) }) });
			else
				await upload(file, (c) => change(id, c), { offline: t("upload.offline"), cut: t("upload.cut"), late: t("upload.late") });
			read();
		}
		busy.current = false;
	};
	const add = (files: FileList | null): void => {
		const all = [...files ?? []].map((file) => ({ id: ++serial, file }));
		if (all.length === 0)
			return;
		queue.current.push(...all);
		setList((l) => [...all.map(({ id, file }): Upload => ({ id, name: file.name, bytes: file.size, state: "queued", share: 0, result: null, reports: 0, report: null, text: "" })), ...l].slice(0, SHOWN));
		void work();
	};
	const done = list.filter((u) => tone(u) !== "busy").length;

	return (
		<Section title={t("upload.title")} sub={t("upload.sub")}>
			<div class={`dropzone ${over ? "over" : ""}`}
				onDragOver={(e) => {
					e.preventDefault();
					setOver(true);
				}}
				onDragLeave={(e) => !(e.currentTarget as Element).contains(e.relatedTarget as Node | null) && setOver(false)}
				onDrop={(e) => {
					e.preventDefault();
					setOver(false);
					add(e.dataTransfer?.files ?? null);
				}}>
				<Icon name="intake" size={24} />
				<p>{t("upload.drop")}</p>
				<button type="button" class="btn" onClick={() => input.current?.click()}><Icon name="plus" size={16} />{t("upload.choose")}</button>
				<input ref={input} type="file" multiple accept={ACCEPT} hidden aria-label={t("upload.choose")} onChange={(e) => {
					add(e.currentTarget.files);
					e.currentTarget.value = "";
				}} />
				{m?.limits.upload_bytes !== undefined && <p class="small muted">{t("upload.most", { most: bytes(m.limits.upload_bytes) })}</p>}
			</div>
			{list.length > 0 && (
				<ul class="uploads">{list.map((u) => (
					<li class={`u-${tone(u)}`}>
						<Icon name={ICON[tone(u)] as IconName} size={16} />
						<div class="grow"><strong class="wrap"><Safe text={u.name} /></strong> <span class="muted small nowrap">{bytes(u.bytes)}</span>
							<p>{line(u)} {u.report !== null && <a href={href(linkOf(u.report))}>{t("upload.show")}</a>}</p>
							{u.state === "sending" && <progress max={1} value={u.share} aria-label={t("upload.progress", { name: safeText(u.name) })} />}</div>
					</li>
				))}</ul>
			)}
			<p class="vh" role="status" aria-live="polite">{list.length === 0 ? "" : t("upload.count", { n: list.length, done })}</p>
		</Section>
	);
}
