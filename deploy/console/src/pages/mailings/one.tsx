/** One mailing: what it says, whom it goes to, what would happen, and what has happened. */

import { get } from "../../api";
import { place } from "../../documents";
import { useLive, type Stream } from "../../parts/live";
import { LiveLine } from "../../parts/live-shown";
import { Stale } from "../../parts/stale";
import { Failure, Loading } from "../../parts/states";
import { Time } from "../../parts/time";
import { href } from "../../router";
import { holds } from "../../session";
import { t } from "../../words";
import { Asked } from "./asked";
import { ForecastCard } from "./forecast";
import { Moves } from "./moves";
import type { Definition, Mailing } from "./model";
import { isOver, isSettled } from "./outcomes";
import { ProgressCard, StateBadge } from "./progress";
import { Recipients } from "./list/recipients";

const RUNNING_S = 2;
const QUIET_S = 5;
const OVER_S = 10;

export function One({ id }: { id: string }) {
  const live = useLive(id, (signal) => get(place("/v1/mailings/{any_id}", { any_id: id }), signal), everyS, streamOf(id));
  const mailing = live.value;
  const asked = useLive(`${id} ${holds("operator")}`, (signal) => definitionOf(id, signal), () => null);
  const back = <p class="crumb"><a href={href("mailings")}>← {t("mailings.title")}</a></p>;
  if (mailing === null) return <>{back}{live.error === null ? <Loading /> : <Stale live={live} />}</>;
  return (
    <>
      {back}
      <div class="row heading">
        <h1 tabIndex={-1}>{mailing.name} <StateBadge state={mailing.state} /></h1>
        <Moves mailing={mailing} moved={live.told} />
      </div>
      <p class="quiet">
        {mailing.partnerId} · {t("mailings.created")} <Time at={mailing.createdAt} />
        {mailing.startAt !== null && <> · {t("mailings.startAt")} <Time at={mailing.startAt} /></>}
        {mailing.startedAt !== null && mailing.startAt === null && <> · {t("mailings.started")} <Time at={mailing.startedAt} /></>}
        {mailing.finishedAt !== null && <> · {t("mailings.finished")} <Time at={mailing.finishedAt} /></>}
      </p>
      <Stale live={live} />
      <LiveLine live={live} everyS={everyS(mailing)} />
      {mailing.reason !== null && <p class="notice bad" role="alert">{t("mailings.reason")}: {mailing.reason}</p>}
      {mailing.state !== "draft" && <ProgressCard mailing={mailing} />}
      <Recipients mailing={mailing} told={live.told} again={live.again} />
      {!isOver(mailing) && <ForecastCard mailing={mailing} />}
      {asked.value === null && asked.error !== null && <section class="card"><h2>{t("mailings.message")}</h2><Failure error={asked.error} retry={asked.again} /></section>}
      {asked.value !== null && asked.value.definition !== null && <Asked mailing={mailing} definition={asked.value.definition} told={live.told} />}
    </>
  );
}

/** Whoever may launch mailings may read them. */
async function definitionOf(id: string, signal: AbortSignal): Promise<{ definition: Definition | null }> {
  return { definition: holds("operator") ? await get(place("/v1/mailings/{any_id}/definition", { any_id: id }), signal) : null };
}

function streamOf(id: string): Stream<Mailing> {
  return { path: place("/v1/mailings/{any_id}/live", { any_id: id }), value: ({ mailing }) => (mailing as Mailing | undefined) ?? null };
}

function everyS(mailing: Mailing): number {
  if (mailing.state === "running") return RUNNING_S;
  if (isSettled(mailing)) return OVER_S;
  return QUIET_S;
}
