/** Audit: who has changed what, who looked at whom, and who was refused, in sentences that the platform says. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Answer, type Values } from "../documents";
import { Badge } from "../parts/badge";
import { number, told } from "../parts/figures";
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
const FILTERS = [
  ["who", "audit.who", "audit.whoHint"],
  ["what", "audit.what", "audit.whatHint"],
  ["phone", "audit.phone", "audit.customerHint"],
  ["user", "audit.user", "audit.customerHint"],
  ["message", "audit.message", "audit.messageHint"],
] as const satisfies readonly [string, Key, Key][];
type Filter = (typeof FILTERS)[number][0];
type Typed = Partial<Record<Filter, string>>;
type Query = NonNullable<Values<"/v1/audit", "get">[0]>;

export function Audit() {
  const [typed, type] = useState<Typed>({});
  const [period, setPeriod] = useState<Period>("day");
  const [until, setUntil] = useState("");
  const [asked, ask] = useState<Query>(() => spanOf("day", ""));
  const find = (filters: Typed) => {
    type(filters);
    ask({ ...Object.fromEntries(FILTERS.map(([name]) => [name, filters[name]?.trim() || null] as const)), ...spanOf(period, until) });
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    find(typed);
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
          <select id="audit-since" value={period} onChange={(event) => setPeriod(event.currentTarget.value as Period)}>
            {PERIODS.map(([name, title]) => <option key={name} value={name}>{t(title)}</option>)}
          </select>
        </div>
        <div>
          <label for="audit-until">{t("audit.until")}</label>
          <input id="audit-until" type="datetime-local" aria-describedby="audit-until-hint" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
          <div id="audit-until-hint" class="quiet">{zone()}</div>
        </div>
        <button type="submit" class="main">{t("audit.search")}</button>
        <p class="quiet wide">{t("audit.recorded")} {t("audit.whatIsFingerprint")}</p>
      </form>
      <section class="card">
        <Shown loaded={loaded} again={again}>
          {(trail) => <Records trail={trail} more={(query) => ask({ ...asked, ...query })} narrow={(filter) => find({ ...typed, ...filter })} />}
        </Shown>
      </section>
    </>
  );
}

function Records({ trail, more, narrow }: { trail: Trail; more: (query: Query) => void; narrow: (filter: Typed) => void }) {
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
            { title: told("audit.at", { zone: zone() }), cell: ({ entry }) => <Time at={entry.at} /> },
            { title: t("audit.who"), cell: ({ entry }) => <button type="button" class="link" title={told("audit.onlyBy", { who: entry.who })} onClick={() => narrow({ who: entry.who })}>{entry.caller}</button> },
            { title: t("audit.happened"), cell: ({ entry }) => <><Sentence entry={entry} narrow={narrow} /><Details entry={entry} filter={(message) => narrow({ message })} /></> },
            { title: t("audit.answer"), cell: ({ entry }) => <><Badge state={String(entry.status)} kind={entry.status < 400 ? "good" : "bad"} />{entry.count > 1 && ` × ${entry.count}`}</> },
          ]}
        />
      )}
      {trail.leftOut > 0 && (
        <p>{told("audit.more", { count: counted(trail.leftOut) })} <button type="button" onClick={() => more({ cursor: trail.cursor })}>{t("audit.older")}</button></p>
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
