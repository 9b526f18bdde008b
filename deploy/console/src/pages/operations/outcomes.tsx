/** How deliveries have gone over time, and over each provider for each application. */

import { Badge } from "../../parts/badge";
import { Bars, moment, type Bar } from "../../parts/bars";
import { duration, number, percent, told } from "../../parts/figures";
import { useLive } from "../../parts/live";
import { LiveShown } from "../../parts/live-shown";
import { Empty } from "../../parts/states";
import { Table } from "../../parts/table";
import { isPortal } from "../../session";
import { t } from "../../words";
import { signsOf, type Cluster } from "./cluster";
import { at } from "./place";
import { PERIODS, statistics, type Period, type Sender, type Statistics, type Step } from "./statistics";
import type { Stop } from "./stops";

const EVERY_S = 15;

export function Outcomes(props: { period: Period; choose: (period: Period) => void; cluster: Cluster | null; stops: Stop[] }) {
  const { period, choose, cluster, stops } = props;
  const live = useLive(period.title, (signal) => statistics(period, signal), () => EVERY_S);
  return (
    <section class="card">
      <h2>{t("outcomes.title")}</h2>
      <div class="row choices" role="group" aria-label={t("outcomes.period")}>
        {PERIODS.map((known) => (
          <button type="button" key={known.title} aria-pressed={known === period} onClick={() => choose(known)}>{t(known.title)}</button>
        ))}
      </div>
      <LiveShown live={live} everyS={EVERY_S}>{(found) => <Found found={found} period={period} cluster={cluster} stops={stops} />}</LiveShown>
    </section>
  );
}

function Found(props: { found: Statistics; period: Period; cluster: Cluster | null; stops: Stop[] }) {
  const { found, period, cluster, stops } = props;
  const senders = withStopped(found.senders, cluster, stops);
  const sum = (count: (step: Step) => number) => number(found.steps.reduce((total, step) => total + count(step), 0));
  const figures = { sent: sum((step) => step.sent), delivered: sum((step) => step.delivered), failed: sum((step) => step.failed) };
  return (
    <>
      {found.senders.length === 0 ? (
        <Empty>{t("outcomes.none")}</Empty>
      ) : (
        <>
          <p class="legend">
            <span class="good">{t("outcomes.delivered")}: {figures.delivered}</span>
            <span class="bad">{t("outcomes.failed")}: {figures.failed}</span>
            <span class="quiet">{t("outcomes.open")}: {number(openOf(found.steps))}</span>
          </p>
          <Bars label={told("outcomes.sum", figures)} bars={found.steps.map((step) => bar(step, period))} stepMs={period.stepMs} />
        </>
      )}
      {senders.length > 0 && <Senders senders={senders} words={found.words} period={period} />}
    </>
  );
}

type Trouble = "outcomes.stopped" | "outcomes.away" | "outcomes.paused";

interface Shown extends Sender {
  /** Why nothing goes; null: it works. */
  trouble: Trouble | null;
}

/** A stopped sender is shown though nothing came of it lately. */
function withStopped(senders: Sender[], cluster: Cluster | null, stops: Stop[]): Shown[] {
  const signs = cluster ? signsOf(cluster) : [];
  const away = new Set(signs.filter(({ metric }) => metric === "rpns_provider_away").map(({ labels }) => labels.provider));
  const stopped = signs.filter(({ metric }) => metric === "rpns_sender_stopped").map(({ labels }) => `${labels.provider} ${labels.application}`);
  const paused = new Set(stops.map((stop) => `${stop.scope} ${stop.id}`));
  const troubleOf = ({ provider, application }: Sender): Trouble | null => {
    if (stopped.includes(`${provider} ${application}`)) return "outcomes.stopped";
    if (away.has(provider)) return "outcomes.away";
    return paused.has(`provider ${provider}`) || paused.has(`application ${application}`) ? "outcomes.paused" : null;
  };
  const rows: Shown[] = senders.map((sender) => ({ ...sender, trouble: troubleOf(sender) }));
  for (const name of stopped) {
    const [provider = "", application = ""] = name.split(" ");
    if (rows.some((row) => row.provider === provider && row.application === application)) continue;
    rows.push({ provider, application, sent: 0, delivered: 0, failed: 0, codes: new Map(), sentAfter: null, deliveredAfter: null, trouble: "outcomes.stopped" });
  }
  return rows;
}

function Senders({ senders, words, period }: { senders: Shown[]; words: Map<number, string[]>; period: Period }) {
  return (
    <Table
      label={t("outcomes.senders")}
      rows={senders}
      id={(sender) => `${sender.provider} ${sender.application}`}
      columns={[
        { title: t("outcomes.provider"), cell: (sender) => sender.provider || t("outcomes.noProvider") },
        { title: t("outcomes.application"), cell: (sender) => applicationOf(sender) },
        ...(isPortal ? [] : [{ title: t("outcomes.state"), cell: stateOf }]),
        { title: t("outcomes.sent"), cell: (sender) => <>{number(sender.sent)}<div class="quiet nowrap">{rate(sender.sent, period)}</div></> },
        { title: t("outcomes.delivered"), cell: (sender) => <>{number(sender.delivered)}<div class="quiet">{sender.sent ? percent(sender.delivered, sender.sent) : "—"}</div></> },
        { title: t("outcomes.failed"), cell: (sender) => number(sender.failed) },
        { title: t("outcomes.reasons"), cell: (sender) => reasons(sender, words) },
        { title: t("outcomes.sentAfter"), cell: (sender) => latency(sender.sentAfter) },
        { title: t("outcomes.deliveredAfter"), cell: (sender) => latency(sender.deliveredAfter) },
      ]}
    />
  );
}

/** Partners have no page of applications. */
function applicationOf({ application }: Shown) {
  if (!application) return "—";
  return isPortal ? application : <a href={at("applications", application)}>{application}</a>;
}

function stateOf(sender: Shown) {
  return sender.provider ? <Badge state={t(sender.trouble ?? "outcomes.works")} kind={kindOf(sender.trouble)} /> : "—";
}

/** A pause is meant; the rest is not. */
function kindOf(trouble: Trouble | null) {
  if (trouble === null) return "good";
  return trouble === "outcomes.paused" ? "going" : "bad";
}

function reasons(sender: Sender, words: Map<number, string[]>) {
  const codes = [...sender.codes].sort(([, one], [, other]) => other - one);
  if (codes.length === 0) return "—";
  return codes.map(([code, count]) => (
    <div key={code}>{number(count)} × {told("outcomes.code", { code })} <span class="quiet">{(words.get(code) ?? []).join("; ")}</span></div>
  ));
}

/** Half of them within, and nearly all within: upper bounds of buckets. */
function latency(found: Sender["sentAfter"]) {
  if (!found || found.count === 0) return "—";
  const shown = (ms: number | null) => (ms === null ? t("outcomes.beyond") : `≤ ${duration(ms)}`);
  return <><div class="nowrap">50 %: {shown(found.p50Ms)}</div><div class="nowrap">95 %: {shown(found.p95Ms)}</div></>;
}

function rate(count: number, period: Period): string {
  return told("outcomes.perMinute", { count: number(Math.round((count * 600_000) / period.spanMs) / 10) });
}

/**
 * What was sent, and may still be confirmed. What expired is counted as failed, and mostly had been sent: statistics do not tell
 * which of it had not, so that while a provider is away less seems to be open than is.
 */
function openOf(steps: Step[]): number {
  return Math.max(0, steps.reduce((total, step) => total + step.sent - step.delivered - step.expired, 0));
}

/** As high as what was sent, or has failed or been delivered beyond that. */
function bar(step: Step, period: Period): Bar {
  const title = `${moment(step.at, period.stepMs)}: ${told("outcomes.sum", { sent: step.sent, delivered: step.delivered, failed: step.failed })}`;
  return { at: step.at, parts: [["good", step.delivered], ["bad", step.failed], ["quiet", openOf([step])]], title };
}
