/** What was not accepted of a partner, by cause, the newest first: for whoever never saw the answers. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Schemas } from "../documents";
import { number } from "../parts/figures";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { isPortal } from "../session";
import { t } from "../words";
import { PERIODS, type Period } from "./operations/statistics";

type Refusal = Schemas["RefusalView"];

const LIMIT = 100;
const DAY = PERIODS.find(({ step }) => step === "hour") ?? PERIODS[0];

/** `partner` null: the one who is signed in. */
export function Refusals({ partner }: { partner: string | null }) {
  const [period, choose] = useState<Period>(DAY);
  const [cursor, follow] = useState<string | null>(null);
  const [loaded, again] = useLoaded(`${partner} ${period.title} ${cursor}`, (signal) => {
    const from = Date.now() - period.spanMs;
    return get(place("/v1/refusals", { partner, from, limit: LIMIT, cursor }), signal);
  });
  const newest = (wanted: Period) => {
    choose(wanted);
    follow(null);
    if (wanted === period && cursor === null) again();
  };
  const title = t(isPortal ? "refusals.own" : "refusals.ofPartner");
  return (
    <section class="card" aria-label={title}>
      <div class="row between">
        <h2>{title}</h2>
        <button type="button" onClick={() => newest(period)}>{t("live.again")}</button>
      </div>
      <p class="quiet">{t("refusals.about")}</p>
      <div class="row choices" role="group" aria-label={t("refusals.period")}>
        {PERIODS.map((known) => (
          <button key={known.title} type="button" aria-pressed={known === period} onClick={() => newest(known)}>{t(known.title)}</button>
        ))}
      </div>
      <Shown loaded={loaded} again={again}>
        {(found) => (
          <>
            {found.refusals.length === 0 ? <Empty>{t("refusals.none")}</Empty> : <Found refusals={found.refusals} title={title} />}
            {found.cursor !== null && <button type="button" onClick={() => follow(found.cursor)}>{t("audit.older")}</button>}
          </>
        )}
      </Shown>
    </section>
  );
}

function Found({ refusals, title }: { refusals: Refusal[]; title: string }) {
  return (
    <Table
      label={title}
      rows={refusals.map((refusal, place) => ({ ...refusal, place }))}
      id={({ place }) => String(place)}
      columns={[
        { title: t("refusals.when"), cell: ({ firstAt, lastAt }) => <><Time at={lastAt} />{firstAt < lastAt && <div class="quiet">{t("refusals.since")} <Time at={firstAt} /></div>}</> },
        { title: t("refusals.count"), cell: ({ count }) => number(count) },
        { title: t("refusals.where"), cell: ({ method, path }) => (path ? <code>{method} {path}</code> : t("refusals.several")) },
        { title: t("refusals.answer"), cell: answered },
        { title: t("refusals.field"), cell: ({ field }) => (field ? <code class="path">{field.split(".").flatMap((name, place) => (place ? [".", <wbr />, name] : [name]))}</code> : "—") },
        { title: t("refusals.rule"), cell: ({ rule }) => rule || "—" },
        { title: t(isPortal ? "refusals.lastId" : "refusals.lastIdOfPartner"), cell: ({ lastId }) => (lastId === null ? "—" : <span class="long">{lastId}</span>) },
      ]}
    />
  );
}

/** The status of HTTP, which says nothing of a message in a packet that was answered; and the code. */
function answered({ status, code }: Refusal) {
  const words = status === 200 ? t("refusals.message") : status || "—";
  return <>{words}{code && <div class="quiet">{code}</div>}</>;
}
