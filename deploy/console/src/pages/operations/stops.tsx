/** What is stopped, by whom and why; to stop more, and to let go on. */

import { useState } from "preact/hooks";
import { get, send } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { Badge } from "../../parts/badge";
import { byWhom } from "../../parts/by-whom";
import { lowered, told } from "../../parts/figures";
import { useLive } from "../../parts/live";
import { LiveShown } from "../../parts/live-shown";
import { Empty } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { at } from "./place";
import { StopSomething } from "./stop-form";
import { SCOPES, type Scope } from "./stop-targets";

export type Stop = Schemas["StopView"];

const EVERY_S = 5;
const MOST = 1000;

export function put(scope: Scope, id: string, state: Stop["state"], reason: string): Promise<Stop> {
  return send("put", placeOf("put", "/v1/stops/{scope}/{stop_id}", { scope, stop_id: id }), { state, reason });
}

/** The oldest first. */
export function stopsNow(signal: AbortSignal): Promise<Stop[]> {
  return get(place("/v1/stops", { limit: MOST }), signal);
}

export function Stops() {
  const live = useLive("stops", stopsNow, () => EVERY_S);
  const [said, say] = useState("");
  const done = (stop: Stop) => {
    say(told(`stops.now.${stop.state}`, { what: named(stop.scope, stop.id) }));
    live.again();
  };
  return (
    <>
      <p class="notice good" role="status">{said}</p>
      <Allowed scope="operator"><StopSomething done={done} /></Allowed>
      <section class="card">
        <h2>{t("stops.stopped")}</h2>
        <LiveShown live={live} everyS={EVERY_S}>
          {(stops) => (stops.length === 0 ? <Empty>{t("stops.none")}</Empty> : <Listed stops={stops} done={done} />)}
        </LiveShown>
      </section>
    </>
  );
}

function Listed({ stops, done }: { stops: Stop[]; done: (stop: Stop) => void }) {
  return (
    <>
      <Table
        label={t("stops.stopped")}
        rows={stops}
        id={(stop) => `${stop.scope} ${stop.id}`}
        columns={[
          { title: t("stops.what"), cell: (stop) => <>{t(SCOPES[stop.scope])}: {linked(stop)}</> },
          { title: t("stops.state"), cell: (stop) => <Badge state={t(`stops.${stop.state}`)} kind={stop.state === "cancelled" ? "bad" : "going"} raw={stop.state} /> },
          { title: t("stops.since"), cell: (stop) => <Time at={stop.at} /> },
          { title: t("stops.by"), cell: (stop) => byWhom(stop.by) || "—" },
          { title: t("stops.reason"), cell: (stop) => stop.reason || "—" },
          { title: t("setup.actions"), cell: (stop) => <Lift stop={stop} done={done} /> },
        ]}
      />
      {stops.length === MOST && <p class="quiet">{told("stops.more", { count: MOST })}</p>}
    </>
  );
}

function Lift({ stop, done }: { stop: Stop; done: (stop: Stop) => void }) {
  if (stop.state !== "paused") return <span class="quiet">{t("stops.forGood")}</span>;
  const what = named(stop.scope, stop.id);
  return (
    <Allowed scope="operator">
      <Ask label={t("stops.lift")} title={told("stops.liftTitle", { what })} text={t("stops.liftText")} run={() => put(stop.scope, stop.id, "running", "")} done={done} />
    </Allowed>
  );
}

function linked({ scope, id }: Stop) {
  if (scope !== "partner" && scope !== "application") return <span class="long">{id}</span>;
  return <a href={at(scope === "partner" ? "partners" : "applications", id)}>{id}</a>;
}

export function named(scope: Scope, id: string): string {
  return `${lowered(t(SCOPES[scope]))} ${id}`;
}
