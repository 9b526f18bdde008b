/** How far a mailing has come: its state as a word, a bar, the figures, and a plot of the time that the page was open. */

import { useEffect, useRef } from "preact/hooks";
import { Badge } from "../../parts/badge";
import { number, percent, told } from "../../parts/figures";
import { Time } from "../../parts/time";
import { t, type Key } from "../../words";
import { left, type Mailing, type State } from "./model";
import { Plot, type Sample } from "./plot";

const KINDS: Record<State, "good" | "bad" | "going"> = { draft: "going", running: "going", paused: "bad", done: "good", cancelled: "bad" };
const MOST_SAMPLES = 600;
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
  cancelled: "mailings.why.cancelled",
  "owner-changed": "mailings.why.ownerChanged",
  internal: "mailings.why.internal",
};

export function StateBadge({ state }: { state: State }) {
  return <Badge state={t(`mailings.state.${state}`)} kind={KINDS[state]} raw={state} />;
}

/** Outcomes in the order of the bar; each recipient is in one of them. */
interface Outcome {
  name: "read" | "delivered" | "sent" | "failed" | "waiting";
  count: number;
}

export function outcomesOf(mailing: Mailing): Outcome[] {
  const { sent, delivered, read, failed } = mailing.progress;
  return [
    { name: "read", count: read },
    { name: "delivered", count: delivered - read },
    { name: "sent", count: sent - delivered },
    { name: "failed", count: Object.values(failed).reduce((sum, count) => sum + count, 0) },
    { name: "waiting", count: left(mailing) },
  ];
}

export function Bar({ mailing }: { mailing: Mailing }) {
  if (mailing.state === "draft") return <span class="quiet">—</span>;
  const outcomes = outcomesOf(mailing);
  const whole = outcomes.reduce((sum, { count }) => sum + count, 0);
  const settled = whole - left(mailing);
  const words = outcomes.filter(({ count }) => count).map(({ name, count }) => `${t(`mailings.outcome.${name}`)} ${number(count)}`).join(", ");
  return (
    <div class="progress">
      <div class="bar" role="img" aria-label={words || t("mailings.outcome.waiting")}>
        {outcomes.map(({ name, count }) => count > 0 && name !== "waiting" && <span key={name} class={name} style={{ width: `${(100 * count) / whole}%` }} />)}
      </div>
      <span class="quiet">{percent(settled, whole)}</span>
    </div>
  );
}

export function ProgressCard({ mailing }: { mailing: Mailing }) {
  const { progress } = mailing;
  const samples = useSamples(mailing);
  const outcomes = outcomesOf(mailing);
  const whole = outcomes.reduce((sum, { count }) => sum + count, 0);
  const waiting: Key = mailing.state === "cancelled" ? "mailings.outcome.notSent" : "mailings.outcome.waiting";
  const reasons = Object.entries(progress.failed).sort(([, one], [, other]) => other - one);
  return (
    <section class="card">
      <h2>{t("mailings.progress")}</h2>
      <Bar mailing={mailing} />
      <ul class="figures">
        {outcomes.map(({ name, count }) => (
          <li key={name} class={name}>
            <span class="quiet">{t(name === "waiting" ? waiting : `mailings.outcome.${name}`)}</span>
            <strong>{number(count)}</strong>
            <span class="quiet">{percent(count, whole)}</span>
          </li>
        ))}
      </ul>
      <p class="quiet">
        {told("mailings.plannedOf", { planned: progress.planned, whole })}
        {mailing.state === "running" && <> · {told("mailings.rateNow", { rate: progress.ratePerS, most: mailing.ratePerS })}</>}
        {mailing.state === "running" && progress.finishesAt !== null && <> · {t("mailings.finishes")} <Time at={progress.finishesAt} /></>}
        {progress.countedAt !== null && <> · {t("mailings.counted")} <Time at={progress.countedAt} /></>}
      </p>
      {samples.length > 1 && <Plot samples={samples} most={whole} />}
      {reasons.length > 0 && (
        <>
          <h3>{t("mailings.whyFailed")}</h3>
          <ul class="reasons">
            {reasons.map(([reason, count]) => (
              <li key={reason}><strong>{number(count)}</strong> {REASONS[reason] ? t(REASONS[reason]) : reason} <code>{reason}</code></li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** What was counted while this page was open; the API tells of now only. */
function useSamples(mailing: Mailing): Sample[] {
  const kept = useRef<Sample[]>([]);
  const { sent, delivered, read, countedAt, planned } = mailing.progress;
  useEffect(() => {
    const last = kept.current.at(-1);
    const next = { at: Date.now(), planned, sent, delivered, read };
    if (last && last.planned === planned && last.sent === sent && last.delivered === delivered && last.read === read) return;
    kept.current = [...kept.current, next].slice(-MOST_SAMPLES);
  }, [planned, sent, delivered, read, countedAt]);
  return kept.current;
}
