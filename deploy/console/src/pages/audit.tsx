/** Audit: who has changed what, who looked at whom, and who was refused. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Answer, type Values } from "../documents";
import { Badge } from "../parts/badge";
import { number, told } from "../parts/figures";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { t, type Key } from "../words";
import { Looked } from "./audit-look";

/** What an operator's request has shown of people; `look` is empty where it has shown nothing. */
export type Look = Pick<Entry, "look" | "asked" | "subjects" | "messages" | "isWide">;
type Trail = Answer<"/v1/audit">;
type Entry = Trail["records"][number];
type Change = Entry["changes"][number];

const HOUR_MS = 3_600_000;
const LIMIT = 200;
/** The platform counts no further. */
const MOST_COUNTED = 1_000;
const SINCE = [
  [HOUR_MS, "audit.hour"],
  [24 * HOUR_MS, "audit.day"],
  [7 * 24 * HOUR_MS, "audit.week"],
  [30 * 24 * HOUR_MS, "audit.month"],
  [366 * 24 * HOUR_MS, "audit.year"],
] as const satisfies readonly [number, Key][];

/** Each is asked of the route by its own name. */
const FILTERS = [
  ["who", "audit.who", "audit.whoHint"],
  ["what", "audit.what", "audit.whatHint"],
  ["phone", "audit.phone", "audit.customerHint"],
  ["user", "audit.user", "audit.customerHint"],
  ["message", "audit.message", "audit.messageHint"],
] as const satisfies readonly [string, Key, Key][];
type Filter = (typeof FILTERS)[number][0];
type Query = NonNullable<Values<"/v1/audit", "get">[0]>;

export function Audit() {
  const [typed, type] = useState<Partial<Record<Filter, string>>>({});
  const [span, setSpan] = useState<number>(24 * HOUR_MS);
  const [until, setUntil] = useState("");
  const [asked, ask] = useState<Query>({ since: Date.now() - 24 * HOUR_MS });
  const submitted = (event: Event) => {
    event.preventDefault();
    const filters = FILTERS.map(([name]) => [name, typed[name]?.trim() || null] as const);
    const end = until === "" ? null : new Date(until).getTime();
    ask({ ...Object.fromEntries(filters), since: Math.max(0, (end ?? Date.now()) - span), until: end });
  };
  const at = place("/v1/audit", { ...asked, limit: LIMIT });
  const [loaded, again] = useLoaded(at, (signal) => get(at, signal));
  return (
    <>
      <h1>{t("audit.title")}</h1>
      <form class="row card top" role="search" onSubmit={submitted}>
        {FILTERS.map(([name, title, hint]) => (
          <div class="wide" key={name}>
            <label for={`audit-${name}`}>{t(title)}</label>
            <input id={`audit-${name}`} type="search" autocomplete="off" maxLength={200} aria-describedby={`audit-${name}-hint`} value={typed[name] ?? ""} onInput={(event) => type({ ...typed, [name]: event.currentTarget.value })} />
            <div id={`audit-${name}-hint`} class="quiet">{t(hint)}</div>
          </div>
        ))}
        <div>
          <label for="audit-since">{t("audit.since")}</label>
          <select id="audit-since" value={span} onChange={(event) => setSpan(Number(event.currentTarget.value))}>
            {SINCE.map(([ms, title]) => <option key={ms} value={ms}>{t(title)}</option>)}
          </select>
        </div>
        <div>
          <label for="audit-until">{t("audit.until")}</label>
          <input id="audit-until" type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
        </div>
        <button type="submit" class="main">{t("audit.search")}</button>
        <p class="quiet wide">{t("audit.recorded")}</p>
      </form>
      <section class="card">
        <Shown loaded={loaded} again={again}>{(trail) => <Records trail={trail} more={(query) => ask({ ...asked, ...query })} />}</Shown>
      </section>
    </>
  );
}

function Records({ trail, more }: { trail: Trail; more: (query: Query) => void }) {
  const newestFirst = [...trail.records].reverse();
  return (
    <>
      {!trail.isWhole && <p class="failure" role="alert">{t("audit.notWhole")} {trail.readUntil > 0 && <>{t("audit.wholeUntil")} <Time at={trail.readUntil} /></>}</p>}
      {trail.wide > 0 && (
        <p>{told("audit.beside", { count: counted(trail.wide) })} <button type="button" onClick={() => more({ wide: true, cursor: null })}>{t("audit.showWide")}</button></p>
      )}
      {newestFirst.length === 0 ? <Empty>{t("audit.none")}</Empty> : (
        <Table
          label={t("audit.title")}
          rows={newestFirst.map((entry, place) => ({ entry, place }))}
          id={({ entry, place }) => `${entry.at} ${entry.path} ${place}`}
          columns={[
            { title: t("audit.at"), cell: ({ entry }) => <Time at={entry.at} /> },
            { title: t("audit.who"), cell: ({ entry }) => <div class="nowrap">{entry.who || "—"}<div class="quiet">{entry.address}</div></div> },
            { title: t("audit.request"), cell: ({ entry }) => `${entry.method} ${entry.path || entry.route}` },
            { title: t("audit.answer"), cell: ({ entry }) => <><Badge state={String(entry.status)} kind={entry.status < 400 ? "good" : "bad"} />{entry.count > 1 && ` × ${entry.count}`}</> },
            { title: t("audit.changes"), cell: ({ entry }) => <Happened entry={entry} /> },
          ]}
        />
      )}
      {trail.leftOut > 0 && (
        <p>{told("audit.more", { count: counted(trail.leftOut) })} <button type="button" onClick={() => more({ cursor: trail.cursor })}>{t("audit.older")}</button></p>
      )}
    </>
  );
}

function counted(count: number): string {
  return count < MOST_COUNTED ? number(count) : `${number(count)}+`;
}

function Happened({ entry }: { entry: Entry }) {
  if (entry.changes.length === 0 && !entry.look) return <>—</>;
  return (
    <>
      {entry.changes.map((change) => <Changed key={change.entity} change={change} />)}
      {entry.look && <Looked look={entry} />}
    </>
  );
}

function Changed({ change }: { change: Change }) {
  const values = new Map(change.values.map((value) => [value.name, value]));
  const kind = change.before === "" ? t("audit.made") : change.fields.length === 0 ? t("audit.same") : "";
  return (
    <details>
      <summary>{change.entity} {kind && <span class="quiet">{kind}</span>}</summary>
      <dl>
        {change.fields.map((name) => (
          <>
            <dt>{name}</dt>
            <dd>{change.before !== "" && `${values.get(name)?.before || "—"} → `}{values.get(name)?.after || "—"}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}
