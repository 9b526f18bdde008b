/** What works, what waits and what is wrong now; how deliveries have gone lately. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place } from "../../documents";
import { Badge } from "../../parts/badge";
import { byWhom } from "../../parts/by-whom";
import { told } from "../../parts/figures";
import { useLive, type Stream } from "../../parts/live";
import { LiveShown } from "../../parts/live-shown";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { troublesOf, type Cluster, type Instance } from "./cluster";
import { Groups } from "./groups";
import { Holdups } from "./holdups";
import { Outcomes } from "./outcomes";
import { at } from "./place";
import { PERIODS, type Period } from "./statistics";
import { named, stopsNow, type Stop } from "./stops";

const EVERY_S = 5;
const MOST_STOPS = 5;

interface Now {
  cluster: Cluster;
  stops: Stop[];
}

async function now(signal: AbortSignal): Promise<Now> {
  const [cluster, stops] = await Promise.all([get(place("/v1/cluster"), signal), stopsNow(signal)]);
  return { cluster, stops };
}

/** Two events, each as its query answers. */
const STREAM: Stream<Now> = { path: place("/v1/cluster/live"), value: ({ cluster, stops }) => (cluster && stops ? ({ cluster, stops } as Now) : null) };

export function Overview() {
  const live = useLive("cluster", now, () => EVERY_S, STREAM);
  const [period, choose] = useState<Period>(PERIODS[0]);
  return (
    <>
      <LiveShown live={live} everyS={EVERY_S}>{(value) => <Troubles {...value} />}</LiveShown>
      <Outcomes period={period} choose={choose} cluster={live.value?.cluster ?? null} stops={live.value?.stops ?? []} />
      {live.value && (
        <>
          <Groups groups={live.value.cluster.groups} />
          <Instances instances={live.value.cluster.instances} />
        </>
      )}
    </>
  );
}

function Troubles({ cluster, stops }: Now) {
  const troubles = troublesOf(cluster);
  return (
    <section class="card" aria-live="polite">
      <h2>{t("overview.troubles")}</h2>
      {troubles.length === 0 ? (
        <p><Badge state={t("overview.allWell")} kind="good" /></p>
      ) : (
        <ul class="troubles">
          {troubles.map(({ text, href }) => <li key={text}>{text} {href && <a href={href}>{t("overview.look")}</a>}</li>)}
        </ul>
      )}
      {stops.length > 0 && <Stopped stops={stops} />}
      {cluster.holdups?.length > 0 && <Holdups holdups={cluster.holdups} />}
    </section>
  );
}

/** Not wrong, for somebody meant it; the newest first. */
function Stopped({ stops }: { stops: Stop[] }) {
  const newest = [...stops].reverse().slice(0, MOST_STOPS);
  return (
    <>
      <h3>{told("overview.stops", { count: stops.length })}</h3>
      <ul class="troubles">
        {newest.map((stop) => (
          <li class="meant" key={`${stop.scope} ${stop.id}`}>
            {told(`stops.now.${stop.state}`, { what: named(stop.scope, stop.id) })}{why(stop)}
          </li>
        ))}
      </ul>
      <p><a href={at("stops")}>{t("overview.allStops")}</a></p>
    </>
  );
}

function Instances({ instances }: { instances: Instance[] }) {
  return (
    <section class="card">
      <h2>{t("overview.instances")}</h2>
      <Table
        label={t("overview.instances")}
        rows={instances}
        id={(known) => `${known.service} ${known.instance}`}
        columns={[
          { title: t("overview.service"), cell: (known) => known.service },
          { title: t("overview.instance"), cell: (known) => known.instance },
          { title: t("overview.state"), cell: (known) => <Badge state={t(known.isSilent ? "overview.silent" : "overview.works")} kind={known.isSilent ? "bad" : "good"} /> },
          { title: t("overview.lanes"), cell: (known) => known.lanes.join(", ") },
          { title: t("overview.version"), cell: (known) => `${known.version} ${known.commit.slice(0, 8)}` },
          { title: t("overview.host"), cell: (known) => known.host },
          { title: t("overview.started"), cell: (known) => <Time at={known.startedAt} /> },
          { title: t("overview.heard"), cell: (known) => <Time at={known.at} /> },
        ]}
      />
    </section>
  );
}

/** Who stopped it, and for what; a stop by a partner has neither. */
function why({ by, reason }: Stop): string {
  const known = [byWhom(by), reason].filter(Boolean).join(": ");
  return known && ` (${known})`;
}
