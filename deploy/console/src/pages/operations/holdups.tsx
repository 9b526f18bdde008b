/** Which senders are held up, since when, and by which answer of the provider. */

import { Badge } from "../../parts/badge";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t, type Key } from "../../words";
import type { Holdup } from "./cluster";
import { at } from "./place";

const STATES: Record<string, Key> = {
  stopped: "holdup.stopped",
  doubted: "holdup.doubted",
  "retiring-paused": "holdup.retiringPaused",
};

export function Holdups({ holdups }: { holdups: Holdup[] }) {
  return (
    <>
      <h3>{t("holdup.title")}</h3>
      <Table
        label={t("holdup.title")}
        rows={holdups}
        id={(known) => [known.instance, known.provider, known.applicationId, known.way, known.state].join(" ")}
        columns={[
          { title: t("outcomes.provider"), cell: (known) => known.provider },
          { title: t("outcomes.application"), cell: (known) => <a href={at("applications", known.applicationId)}>{known.applicationId}</a> },
          { title: t("holdup.way"), cell: (known) => known.way || t("holdup.all") },
          { title: t("outcomes.state"), cell: (known) => <Badge state={stateOf(known)} kind="bad" raw={known.state} /> },
          { title: t("holdup.since"), cell: (known) => <Time at={known.since} /> },
          { title: t("holdup.answer"), cell: (known) => [known.status, known.detail].filter(Boolean).join(" ") || "—" },
          { title: t("overview.instance"), cell: (known) => known.instance },
        ]}
      />
    </>
  );
}

export function stateOf({ state }: Holdup): string {
  const key = STATES[state];
  return key ? t(key) : state;
}
