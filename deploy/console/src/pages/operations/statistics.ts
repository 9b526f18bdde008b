/** `GET /v1/statistics` for the overview: by sender, and over time. */

import { get } from "../../api";
import { place, type Schemas } from "../../documents";
import { holds } from "../../session";
import type { Key } from "../../words";

export interface Period {
  title: Key;
  spanMs: number;
  step: "minute" | "hour" | "day";
  stepMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
export const PERIODS: readonly [Period, ...Period[]] = [
  { title: "period.hour", spanMs: HOUR_MS, step: "minute", stepMs: MINUTE_MS },
  { title: "period.day", spanMs: DAY_MS, step: "hour", stepMs: HOUR_MS },
  { title: "period.month", spanMs: 30 * DAY_MS, step: "day", stepMs: DAY_MS },
];

export const FAILED = ["refused", "expired", "suppressed"];

type Answer = Schemas["StatisticsView"];
type Latency = Schemas["LatencyView"];

/** How deliveries over one provider for one application have gone. */
export interface Sender {
  provider: string;
  application: string;
  sent: number;
  delivered: number;
  failed: number;
  /** How many have failed by each errorCode. */
  codes: Map<number, number>;
  sentAfter: Latency | null;
  deliveredAfter: Latency | null;
}

/** What came to what in a step of time. */
export interface Step {
  at: number;
  sent: number;
  delivered: number;
  failed: number;
  /** Of the failed, what came too late. */
  expired: number;
}

export interface Statistics {
  senders: Sender[];
  steps: Step[];
  /** What an errorCode means: all its reasons that occurred. */
  words: Map<number, string[]>;
}

export async function statistics(period: Period, signal: AbortSignal): Promise<Statistics> {
  const until = Math.ceil(Date.now() / period.stepMs) * period.stepMs;
  const from = until - period.spanMs;
  const of = (groupBy: string) => get(place("/v1/statistics", { groupBy, from: String(from), to: String(until) }), signal);
  const [bySender, overTime] = await Promise.all([of("provider,application,outcome,errorCode"), of(`${period.step},outcome`)]);
  const senders = sendersOf(bySender.rows);
  const hasFailed = senders.some((sender) => sender.failed > 0);
  const words = hasFailed && holds("support") ? await wordsOf(from, signal) : new Map();
  return { senders, steps: stepsOf(overTime, from, period.stepMs), words };
}

function sendersOf(rows: Answer["rows"]): Sender[] {
  const found = new Map<string, Sender>();
  for (const { group, count, sentAfter, deliveredAfter } of rows) {
    const { outcome = "", application = "", errorCode = 0 } = group;
    const provider = group.provider ?? "";
    const key = `${provider} ${application}`;
    const sender = found.get(key) ?? { provider, application, sent: 0, delivered: 0, failed: 0, codes: new Map(), sentAfter: null, deliveredAfter: null };
    found.set(key, sender);
    if (outcome === "sent") [sender.sent, sender.sentAfter] = [sender.sent + count, sentAfter];
    if (outcome === "delivered") [sender.delivered, sender.deliveredAfter] = [sender.delivered + count, deliveredAfter];
    if (!FAILED.includes(outcome)) continue;
    sender.failed += count;
    sender.codes.set(errorCode, (sender.codes.get(errorCode) ?? 0) + count);
  }
  return [...found.values()].sort((one, other) => `${one.provider} ${one.application}`.localeCompare(`${other.provider} ${other.application}`));
}

/** Each step of the period, those in which nothing happened too. */
function stepsOf(answer: Answer, from: number, stepMs: number): Step[] {
  const steps: Step[] = [];
  for (let at = from; at < answer.until; at += stepMs) steps.push({ at, sent: 0, delivered: 0, failed: 0, expired: 0 });
  for (const { group, count } of answer.rows) {
    const { at = 0, outcome = "" } = group;
    const step = steps[Math.floor((at - from) / stepMs)];
    if (!step) continue;
    if (outcome === "sent") step.sent += count;
    if (outcome === "delivered") step.delivered += count;
    if (FAILED.includes(outcome)) step.failed += count;
    if (outcome === "expired") step.expired += count;
  }
  return steps;
}

async function wordsOf(from: number, signal: AbortSignal): Promise<Map<number, string[]>> {
  const { reasons } = await get(place("/v1/messages/reasons", { from: String(from) }), signal);
  const found = new Map<number, string[]>();
  for (const { reason } of reasons) found.set(reason.errorCode, [...(found.get(reason.errorCode) ?? []), reason.words]);
  return found;
}
