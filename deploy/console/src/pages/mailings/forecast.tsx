/** The dry run: who would get it, when, by time zone, and what would come too late. Asked for, as it reads the list. */

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api";
import { place } from "../../documents";
import { number, told } from "../../parts/figures";
import { Shown, useLoaded, type Loaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { isWhole, type Forecast, type Mailing } from "./model";
import { PaidMessages } from "./paid";

export function ForecastCard({ mailing }: { mailing: Mailing }) {
  const [round, setRound] = useState(0);
  const isReady = isWhole(mailing);
  return (
    <section class="card">
      <h2>{t("mailings.forecast")}</h2>
      {round > 0 && <Made key={round} id={mailing.mailingId} />}
      <button type="button" disabled={!isReady} onClick={() => setRound(round + 1)}>{t(round ? "mailings.forecastAgain" : "mailings.forecastMake")}</button>
      {!isReady && <span class="quiet"> {t("mailings.forecastNeedsList")}</span>}
    </section>
  );
}

/** The figures themselves; `became`: told how the making of them goes. */
export function Made({ id, became }: { id: string; became?: (is: Loaded<Forecast>["is"]) => void }) {
  const [loaded, again] = useLoaded(id, (signal) => get(place("/v1/mailings/{any_id}/forecast", { any_id: id }), signal));
  useEffect(() => became?.(loaded.is), [loaded.is]);
  return <Shown loaded={loaded} again={again}>{(forecast) => <Told forecast={forecast} />}</Shown>;
}

function Told({ forecast }: { forecast: Forecast }) {
  const isLow = forecast.addressed * 2 < forecast.recipients;
  return (
    <>
      {isLow && <p class="notice bad" role="alert">{told("mailings.fewReached", { count: forecast.addressed, recipients: forecast.recipients })}</p>}
      {forecast.singleBraces.length > 0 && <p class="notice bad" role="alert">{told("mailings.singleBraces", { names: forecast.singleBraces.map((name) => `{${name}}`).join(", ") })}</p>}
      <dl>
        <dt>{t("mailings.willGet")}</dt><dd><strong class={isLow ? "failure" : ""}>{number(forecast.addressed)}</strong> {told("mailings.ofCount", { count: forecast.recipients })}</dd>
        <dt>{t("mailings.unknown")}</dt><dd>{number(forecast.unknown)}</dd>
        <dt>{t("mailings.unreachable")}</dt><dd>{number(forecast.unreachable)}</dd>
        {forecast.repeated > 0 && <><dt>{t("mailings.repeated")}</dt><dd>{number(forecast.repeated)}</dd></>}
        <dt>{t("mailings.starts")}</dt><dd><Time at={forecast.startsAt} /></dd>
        <dt>{t("mailings.finishes")}</dt><dd>{forecast.finishesAt === null ? <span class="failure">{t("mailings.beyondHorizon")}</span> : <Time at={forecast.finishesAt} />}</dd>
        <dt>{t("mailings.expires")}</dt><dd>{forecast.expired > 0 ? <strong class="failure">{number(forecast.expired)}</strong> : number(0)}</dd>
      </dl>
      {forecast.lookedAt < forecast.recipients && <p class="quiet">{told("mailings.lookedAt", { count: forecast.lookedAt, recipients: forecast.recipients })}</p>}
      {forecast.paid && <PaidMessages paid={forecast.paid} />}
      {forecast.zones.length > 0 && (
        <>
          <h3>{t("mailings.byZone")}</h3>
          <Table
            label={t("mailings.byZone")}
            rows={forecast.zones}
            id={(zone) => zone.timeZone}
            columns={[
              { title: t("mailings.timeZone"), cell: (zone) => <span class="whole">{zone.timeZone}</span> },
              { title: t("mailings.recipients"), cell: (zone) => number(zone.recipients) },
              { title: t("mailings.opensAt"), cell: (zone) => (zone.opensAt === null ? <span class="failure">{t("mailings.never")}</span> : <Time at={zone.opensAt} />) },
            ]}
          />
        </>
      )}
    </>
  );
}
