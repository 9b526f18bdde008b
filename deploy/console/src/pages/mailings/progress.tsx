/** How far a mailing has come: its state as a word, a bar, the figures, and a plot of how they came about. */

import { Badge } from "../../parts/badge";
import { number, percent, told } from "../../parts/figures";
import { Time } from "../../parts/time";
import { t, type Key } from "../../words";
import type { Mailing, State } from "./model";
import { finalOf, isOver, isSettled, knownOf, outcomesOf } from "./outcomes";
import { LINES, Plot, type Sample } from "./plot";

const KINDS: Record<State, "good" | "bad" | "going"> = { draft: "going", running: "going", paused: "going", done: "good", cancelled: "bad", unknown: "bad" };
const CANCELLED = "cancelled";
const NOTHING = { planned: 0, sent: 0, delivered: 0, read: 0, failed: 0, cancelled: 0 };
/** After this what is pending waits for its hour. */
const LONG_MS = 600_000;
const REASONS: Readonly<Record<string, Key>> = {
  "no-application": "mailings.why.noApplication",
  "unknown-user": "mailings.why.unknownUser",
  "unknown-phone": "mailings.why.unknownPhone",
  "no-active-installation": "mailings.why.noActiveInstallation",
  "no-primary": "mailings.why.noPrimary",
  "below-min-version": "mailings.why.belowMinVersion",
  "subscription-off": "mailings.why.subscriptionOff",
  "push-disabled": "mailings.why.pushDisabled",
  "push-os-disabled": "mailings.why.pushOsDisabled",
  "provider-refused": "mailings.why.providerRefused",
  expired: "mailings.why.expired",
  "owner-changed": "mailings.why.ownerChanged",
  duplicated: "mailings.why.duplicated",
  internal: "mailings.why.internal",
};

export function StateBadge({ state }: { state: State }) {
  return <Badge state={t(`mailings.state.${state}`)} kind={KINDS[state]} raw={state} />;
}

export function Bar({ mailing }: { mailing: Mailing }) {
  if (mailing.state === "draft") return <span class="quiet">—</span>;
  const outcomes = outcomesOf(mailing);
  const { known, whole } = knownOf(mailing);
  const words = outcomes.filter(({ count }) => count).map(({ name, count }) => `${t(`mailings.outcome.${name}`)} ${number(count)}`).join(", ");
  return (
    <div class="progress">
      <div class="bar" role="img" aria-label={words || t("mailings.outcome.unplanned")}>
        {outcomes.map(({ name, count }) => count > 0 && name !== "unplanned" && name !== "pending" && <span key={name} class={name} style={{ width: `${(100 * count) / whole}%` }} />)}
      </div>
      <span class="quiet">{mailing.progress.countedAt === null ? t("mailings.notCounted") : told("mailings.knownShare", { share: percent(known, whole) })}</span>
    </div>
  );
}

export function ProgressCard({ mailing }: { mailing: Mailing }) {
  const { progress } = mailing;
  const samples = samplesOf(mailing);
  const { whole } = knownOf(mailing);
  const reasons = Object.entries(progress.failed).filter(([reason]) => reason !== CANCELLED).sort(([, one], [, other]) => other - one);
  return (
    <section class="card">
      <h2>{t("mailings.progress")}</h2>
      <Bar mailing={mailing} />
      <ul class="figures">
        {outcomesOf(mailing).map(({ name, count }) => (
          <li key={name} class={name}>
            <span class="quiet">{t(`mailings.outcome.${name}`)}</span>
            <strong>{number(count)}</strong>
            <span class="quiet">{percent(count, whole)}</span>
          </li>
        ))}
      </ul>
      <Known mailing={mailing} />
      <p class="quiet">
        {progress.countedAt !== null && <>{t("mailings.counted")} <Time at={progress.countedAt} /> · </>}
        {told("mailings.plannedOf", { planned: progress.planned, whole })}
        {mailing.state === "running" && <> · {told("mailings.rateNow", { rate: Math.round(progress.ratePerS), most: mailing.ratePerS })}</>}
        {mailing.state === "running" && progress.finishesAt !== null && <> · {t("mailings.finishes")} <Time at={progress.finishesAt} /></>}
      </p>
      {samples.length > 1 && <Plot samples={samples} most={whole} />}
      {reasons.length > 0 && (
        <>
          <h3>{t("mailings.whyFailed")}</h3>
          <ul class="reasons">
            {reasons.map(([reason, count]) => (
              <li key={reason}><strong>{number(count)}</strong> × {REASONS[reason] ? t(REASONS[reason]) : reason} <code>{reason}</code></li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** How much is known: while messages are pending the figures still move, and then they are final. */
function Known({ mailing }: { mailing: Mailing }) {
  const { progress } = mailing;
  if (isSettled(mailing)) {
    const parts = finalOf(progress).map(([key, count]) => told(key, { count })).join("; ");
    const isIdle = mailing.state === CANCELLED && progress.cancelled === 0;
    return <p class="notice good">{told("mailings.allKnown", { parts })}.{isIdle && <> {t("mailings.cancelledNothing")}</>}</p>;
  }
  if (progress.pending === 0) return null;
  if (progress.countedAt === null) return <p class="notice">{t("mailings.countFollows")}</p>;
  const isOld = isOver(mailing) && Date.now() - Math.max(mailing.finishedAt ?? 0, progress.countedAt ?? 0) > LONG_MS;
  return <p class="notice">{told(isOld ? "mailings.pendingForLong" : "mailings.stillCounting", { planned: progress.planned, pending: progress.pending })}</p>;
}

/** From nothing, through what was counted, to what is known now. */
function samplesOf({ state, startedAt, progress }: Mailing): Sample[] {
  const counted = progress.course.map(({ undelivered, ...figures }): Sample => ({ ...figures, failed: undelivered }));
  const begin = startedAt === null ? [] : [{ at: Math.min(startedAt, counted[0]?.at ?? startedAt), ...NOTHING }];
  const samples = [...begin, ...counted];
  if (state !== "running" && state !== "paused") return samples;
  const { planned, sent, delivered, read, undelivered, cancelled } = progress;
  const now = { at: Date.now(), planned, sent, delivered, read, failed: undelivered, cancelled };
  const last = samples.at(-1);
  return last && LINES.every((name) => last[name] === now[name]) ? samples : [...samples, now];
}
