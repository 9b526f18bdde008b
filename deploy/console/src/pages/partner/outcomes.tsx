/** How a partner's own messages have gone: over time and by provider, and why those failed that did. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, type Schemas } from "../../documents";
import { number, percent } from "../../parts/figures";
import { Empty, Shown, useLoaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { t } from "../../words";
import { Outcomes } from "../operations/outcomes";
import { PERIODS, type Period } from "../operations/statistics";

export function OwnOutcomes() {
  const [period, choose] = useState<Period>(PERIODS[0]);
  return (
    <>
      <h1>{t("portal.outcomes")}</h1>
      <Outcomes period={period} choose={choose} cluster={null} stops={[]} />
      <Refusals period={period} />
    </>
  );
}

function Refusals({ period }: { period: Period }) {
  const [loaded, again] = useLoaded(period.title, (signal) => {
    const from = Math.ceil(Date.now() / period.stepMs) * period.stepMs - period.spanMs;
    return get(place("/v1/messages/reasons", { from: String(from) }), signal);
  });
  return (
    <section class="card">
      <div class="row between">
        <h2>{t("portal.refusals")}</h2>
        <button type="button" onClick={again}>{t("live.again")}</button>
      </div>
      <p class="quiet">{t("portal.refusalsHint")}</p>
      <Shown loaded={loaded} again={again}>{({ reasons }) => (reasons.length === 0 ? <Empty>{t("portal.noRefusals")}</Empty> : <Found reasons={reasons} />)}</Shown>
    </section>
  );
}

function Found({ reasons }: { reasons: Schemas["ReasonCount"][] }) {
  const whole = reasons.reduce((sum, { messages }) => sum + messages, 0);
  return (
    <Table
      label={t("portal.refusals")}
      rows={reasons}
      id={({ reason }) => reason.name}
      columns={[
        { title: t("portal.howMany"), cell: ({ messages }) => <>{number(messages)} <span class="quiet">{percent(messages, whole)}</span></> },
        { title: t("support.why"), cell: ({ reason }) => reason.words },
        { title: "errorCode", cell: ({ reason }) => reason.errorCode },
        { title: t("portal.reason"), cell: ({ reason }) => <code>{reason.name}</code> },
      ]}
    />
  );
}
