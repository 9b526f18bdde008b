/** Audit: who has changed what, who looked at whom, and who was refused, in sentences that the platform says. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Answer, type Values } from "../documents";
import { Badge } from "../parts/badge";
import { number, told } from "../parts/figures";
import { MomentField } from "../parts/moment-field";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time, zone } from "../parts/time";
import { t, type Key } from "../words";
import { Details } from "./audit-look";
import { PERIODS, spanOf, type Period } from "./audit-period";

type Trail = Answer<"/v1/audit">;
export type Entry = Trail["records"][number];

const LIMIT = 200;
/** The platform counts no further. */
const MOST_COUNTED = 1_000;

/** Each is asked of the route by its own name. */
const FIRST = [["who", "audit.who", "audit.whoHint"]] as const satisfies readonly Row[];
const FURTHER = [
  ["what", "audit.what", "audit.whatHint"],
  ["phone", "audit.phone", "audit.customerHint"],
  ["user", "audit.user", "audit.customerHint"],
  ["message", "audit.message", "audit.messageHint"],
] as const satisfies readonly Row[];
const FILTERS = [...FIRST, ...FURTHER];
type Row = readonly [name: string, title: Key, hint: Key];
type Filter = (typeof FILTERS)[number][0];
type Typed = Partial<Record<Filter, string>>;
type Query = NonNullable<Values<"/v1/audit", "get">[0]>;
const KINDS = ["", "sign-in", "failed-sign-in", "look", "search", "change", "refusal", "not-accepted"] as const satisfies readonly (NonNullable<Query["kind"]> | "")[];
type Kind = (typeof KINDS)[number];

export function Audit() {
  const [typed, type] = useState<Typed>({});
  const [period, setPeriod] = useState<Period>("day");
  const [until, setUntil] = useState("");
  const [kind, setKind] = useState<Kind>("");
  const [asked, ask] = useState<Query>(() => spanOf("day", ""));
  const find = (filters: Typed, wanted = kind) => {
    type(filters);
    ask({ kind: wanted || null, ...Object.fromEntries(FILTERS.map(([name]) => [name, filters[name]?.trim() || null] as const)), ...spanOf(period, until) });
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    find(typed);
  };
  const chosen = (wanted: Kind) => {
    setKind(wanted);
    find(typed, wanted);
  };
  const isNarrow = until !== "" || FURTHER.some(([name]) => asked[name]);
  const field = ([name, title, hint]: (typeof FILTERS)[number]) => (
    <div class="wide" key={name}>
      <label for={`audit-${name}`}>{t(title)}</label>
      <input id={`audit-${name}`} type="search" autocomplete="off" maxLength={200} aria-describedby={`audit-${name}-hint`} value={typed[name] ?? ""} onInput={(event) => type({ ...typed, [name]: event.currentTarget.value })} />
      <div id={`audit-${name}-hint`} class="quiet">{t(hint)}</div>
    </div>
  );
  const at = place("/v1/audit", { ...asked, limit: LIMIT });
  const [loaded, again] = useLoaded(at, (signal) => get(at, signal));
  return (
    <>
      <h1>{t("audit.title")}</h1>
      <form class="card" role="search" onSubmit={submitted}>
        <div class="row top narrow-pairs">
          <div>
            <label for="audit-kind">{t("audit.kind")}</label>
            <select id="audit-kind" value={kind} onChange={(event) => chosen(event.currentTarget.value as Kind)}>
              {KINDS.map((name) => <option key={name} value={name}>{t(name ? `audit.kind.${name}` : "audit.kind.any")}</option>)}
            </select>
          </div>
          <div>
            <label for="audit-since">{t("audit.since")}</label>
            <select id="audit-since" value={period} onChange={(event) => setPeriod(event.currentTarget.value as Period)}>
              {PERIODS.map(([name, title]) => <option key={name} value={name}>{t(title)}</option>)}
            </select>
          </div>
          {FIRST.map(field)}
          <button type="submit" class="main">{t("audit.search")}</button>
        </div>
        <details class="filters" open={isNarrow || undefined}>
          <summary>{t("audit.further")}</summary>
          <div class="row top">
            {FURTHER.map(field)}
            <MomentField id="audit-until" label={t("audit.until")} value={until} changed={setUntil} />
          </div>
          <p class="quiet">{t("audit.recorded")} {t("audit.whatIsFingerprint")}</p>
        </details>
      </form>
      {asked.kind === "failed-sign-in" && <p class="notice">{t("audit.noSuchName")}</p>}
      <section class="card">
        <Shown loaded={loaded} again={again}>
          {(trail) => <Records trail={trail} isByName={Boolean(asked.who)} more={(query) => ask({ ...asked, ...query })} narrow={(filter) => find({ ...typed, ...filter })} />}
        </Shown>
      </section>
    </>
  );
}

function Records({ trail, isByName, more, narrow }: { trail: Trail; isByName: boolean; more: (query: Query) => void; narrow: (filter: Typed) => void }) {
  const newestFirst = [...trail.records].reverse();
  const isThrough = trail.searchedSince <= trail.since;
  return (
    <>
      {!trail.isWhole && <p class="failure" role="alert">{t("audit.notWhole")} {trail.readUntil > 0 && <>{t("audit.wholeUntil")} <Time at={trail.readUntil} /></>}</p>}
      {trail.wide > 0 && (
        <p>{told("audit.beside", { count: counted(trail.wide) })} <button type="button" onClick={() => more({ wide: true, cursor: null })}>{t("audit.showWide")}</button></p>
      )}
      {newestFirst.length === 0 ? <Empty>{t(isThrough ? "audit.none" : "audit.noneSoFar")}{isByName && `. ${t("audit.noSuchName")}`}</Empty> : (
        <Table
          label={t("audit.title")}
          rows={newestFirst.map((entry, place) => ({ entry, place }))}
          id={({ entry, place }) => `${entry.at} ${entry.path} ${place}`}
          columns={[
            { title: told("audit.at", { zone: zone() }), cell: ({ entry }) => <Time at={entry.at} /> },
            { title: t("audit.who"), cell: ({ entry }) => <button type="button" class="link" title={told("audit.onlyBy", { who: entry.who })} onClick={() => narrow({ who: entry.who })}>{entry.caller}</button> },
            { title: t("audit.happened"), cell: ({ entry }) => <><Sentence entry={entry} narrow={narrow} /><Details entry={entry} filter={(message) => narrow({ message })} /></> },
            { title: t("audit.answer"), cell: ({ entry }) => <><Badge state={String(entry.status)} kind={entry.status < 400 ? "good" : "bad"} />{entry.count > 1 && ` × ${entry.count}`}</> },
          ]}
        />
      )}
      {!isThrough && <p>{t("audit.lookedBack")} <Time at={trail.searchedSince} /></p>}
      {trail.cursor !== null && (
        <p>{trail.leftOut > 0 && told("audit.more", { count: counted(trail.leftOut) })} <button type="button" onClick={() => more({ cursor: trail.cursor })}>{t(trail.leftOut > 0 ? "audit.older" : "audit.goOn")}</button></p>
      )}
    </>
  );
}

/** With the id of a message in it, if there is one, to be pressed. */
function Sentence({ entry, narrow }: { entry: Entry; narrow: (filter: Typed) => void }) {
  const id = entry.messages.find((message) => entry.sentence.includes(message));
  if (id === undefined) return <div>{entry.sentence}</div>;
  const [before, after] = [entry.sentence.slice(0, entry.sentence.indexOf(id)), entry.sentence.slice(entry.sentence.indexOf(id) + id.length)];
  return <div>{before}<button type="button" class="link" aria-label={told("audit.recordsOf", { id })} onClick={() => narrow({ message: id })}>{id}</button>{after}</div>;
}

function counted(count: number): string {
  return count < MOST_COUNTED ? number(count) : `${number(count)}+`;
}
