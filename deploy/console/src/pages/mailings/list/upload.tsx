/** A file for the list of a draft: chosen or dropped, looked at, sent with a bar, and what the API made of it. */

import { useEffect, useState } from "preact/hooks";
import { Choice, Field, described } from "../../../parts/field";
import { number, percent, told } from "../../../parts/figures";
import { Failure } from "../../../parts/states";
import { t } from "../../../words";
import { headOf, missingIn, type Head } from "./columns";
import type { Mailing, Uploaded } from "../model";
import { Columns } from "./columns-seen";
import { begin, deleteList, forget, stop, useJob, type Job } from "./uploads";

const CHARSETS = ["", "windows-1251", "koi8-r", "ibm866", "windows-1252", "iso-8859-1", "utf-16le", "utf-16be"] as const;
const LOOK_MS = 2000;
type Charset = (typeof CHARSETS)[number];

/** A chosen file, with how its first lines read. */
export interface Chosen {
  file: File;
  charset: Charset;
  head: Head | null;
}

export function Upload({ mailing, again }: { mailing: Mailing; again: () => void }) {
  const job = useJob(mailing.mailingId);
  const [chosen, choose] = useState<Chosen | null>(null);
  const list = mailing.list;
  const isGoing = job?.is === "going";
  useEffect(() => {
    if (job === undefined) return;
    if (!isGoing) return again();
    const timer = setInterval(() => document.hidden || again(), LOOK_MS);
    return () => clearInterval(timer);
  }, [job?.is]);
  if (isGoing) return <Going job={job} mailing={mailing} />;
  const hasLines = list !== null && list.nextLine > 1;
  const fault = faultOf(chosen, mailing.placeholders ?? []);
  const send = (isInstead: boolean) => {
    if (chosen === null || fault !== undefined) return;
    void begin(mailing.mailingId, chosen.file, chosen.charset, isInstead);
    choose(null);
  };
  return (
    <>
      {job?.is === "failed" && <Failure error={job.error} />}
      {job?.is === "done" && <Understood answer={job.answer} name={job.name} />}
      {hasLines && !list.complete && <p class="notice bad" role="alert">{told("mailings.cutOff", { line: list.nextLine })}</p>}
      <FileField chosen={chosen} changed={choose} names={mailing.placeholders ?? []} label={t(hasLines ? "mailings.anotherFile" : "mailings.file")} fault={fault} />
      {fault !== undefined && <p class="quiet">{t("mailings.draftStays")}</p>}
      <div class="row">
        {chosen !== null && hasLines && !list.complete && <button type="button" class="main" disabled={fault !== undefined} onClick={() => send(false)}>{t("mailings.goOn")}</button>}
        {chosen !== null && <button type="button" class={hasLines && !list.complete ? "" : "main"} disabled={fault !== undefined} onClick={() => send(hasLines)}>{t(hasLines ? "mailings.replace" : "mailings.upload")}</button>}
        {chosen === null && hasLines && <Delete mailing={mailing} done={again} />}
      </div>
    </>
  );
}

/** Why the platform could take no line of the file; undefined: it may, or only it knows. */
export function faultOf(chosen: Chosen | null, names: readonly string[]): string | undefined {
  const missing = chosen?.head ? missingIn(chosen.head, names) : [];
  return missing.length > 0 ? told("mailings.fileLacks", { columns: missing.join(", ") }) : undefined;
}

export function FileField({ chosen, changed, names, label, fault }: { chosen: Chosen | null; changed: (chosen: Chosen | null) => void; names: readonly string[]; label: string; fault: string | undefined }) {
  const [error, setError] = useState<unknown>(null);
  const look = async (file: File, charset: Charset) => {
    setError(null);
    changed({ file, charset, head: null });
    try {
      changed({ file, charset, head: await headOf(file, charset) });
    } catch (unread) {
      setError(unread);
      changed(null);
    }
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void look(file, "");
  };
  const about = { id: "list-file", label, hint: t("mailings.fileHint"), fault };
  return (
    <div class="drop" onDragOver={(event) => event.preventDefault()} onDrop={dropped}>
      <Field {...about}>
        <input
          {...described(about)}
          type="file"
          accept=".csv,.tsv,.txt,.ndjson,.jsonl,.gz"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) void look(file, "");
          }}
        />
      </Field>
      {error !== null && <Failure error={error} />}
      {chosen !== null && (
        <>
          <p>{chosen.file.name} · {size(chosen.file.size)}</p>
          <Choice
            id="charset"
            label={t("mailings.charset")}
            fault={chosen.head?.isReadable === false ? t("mailings.notUtf8") : undefined}
            value={chosen.charset}
            changed={(charset) => void look(chosen.file, charset)}
            of={CHARSETS.map((charset) => [charset, charset || t("mailings.charsetAuto")])}
          />
          {chosen.head !== null && <Columns head={chosen.head} names={names} />}
        </>
      )}
    </div>
  );
}

function Going({ job, mailing }: { job: Extract<Job, { is: "going" }>; mailing: Mailing }) {
  const isSent = job.size > 0 && job.sent >= job.size;
  return (
    <div class="uploading" role="status">
      <p>
        {told(isSent ? "mailings.checking" : "mailings.sending", { name: job.name, sent: size(job.sent), size: size(job.size) })} {!isSent && percent(job.sent, job.size)}
        {mailing.list !== null && mailing.list.nextLine > 1 && <> · {told("mailings.linesRead", { count: mailing.list.nextLine - 1 })}</>}
      </p>
      {isSent ? <progress aria-label={t("mailings.upload")} /> : <progress max={job.size} value={job.sent} aria-label={t("mailings.upload")} />}
      <button type="button" onClick={() => stop(mailing.mailingId)}>{t("mailings.stop")}</button>
    </div>
  );
}

function Understood({ answer, name }: { answer: Uploaded; name: string }) {
  const { format, encoding, delimiter, columns, ignored, rows } = answer.understood;
  const between = delimiter === "\t" ? "Tab" : delimiter;
  return (
    <p class="notice good" role="status">
      <strong>{name}</strong>: {[format, encoding, between, columns.join(", ")].filter(Boolean).join(" · ")}
      {ignored > 0 && <> · {told("mailings.ignored", { count: ignored })}</>}
      <br />
      {told("mailings.uploaded", { rows, accepted: answer.accepted, refused: answer.refused, repeated: answer.repeated })}
    </p>
  );
}

function Delete({ mailing, done }: { mailing: Mailing; done: () => void }) {
  const [isSure, ask] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirmed = async () => {
    setError(null);
    try {
      await deleteList(mailing.mailingId);
      forget(mailing.mailingId);
      ask(false);
      done();
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <>
      {isSure ? (
        <>
          <button type="button" class="danger" onClick={() => void confirmed()}>{told("mailings.deleteSure", { count: mailing.list?.accepted ?? 0 })}</button>
          <button type="button" onClick={() => ask(false)}>{t("mailings.ask.no")}</button>
        </>
      ) : (
        <button type="button" onClick={() => ask(true)}>{t("mailings.deleteList")}</button>
      )}
      {error !== null && <Failure error={error} />}
    </>
  );
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${number(Math.ceil(bytes / 1000))} kB` : `${number(Math.round(bytes / 100_000) / 10)} MB`;
}
