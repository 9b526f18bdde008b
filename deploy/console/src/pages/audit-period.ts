/** The time that the audit trail is asked about: so long back from its end, or a day of the reader's calendar. */

import { hourOf } from "../parts/clock";
import type { Key } from "../words";

const HOUR_MS = 3_600_000;
const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS, year: 366 * 24 * HOUR_MS } as const;

export const PERIODS = [
  ["hour", "audit.hour"],
  ["today", "audit.today"],
  ["yesterday", "audit.yesterday"],
  ["day", "audit.day"],
  ["week", "audit.week"],
  ["month", "audit.month"],
  ["year", "audit.year"],
] as const satisfies readonly [keyof typeof SPANS | "today" | "yesterday", Key][];
export type Period = (typeof PERIODS)[number][0];

/** In UTC ms; `until` null: now. `typed` is the end, ISO 8601, or empty. */
export function spanOf(period: Period, typed: string): { since: number; until: number | null } {
  const end = typed === "" ? null : new Date(typed).getTime();
  if (period === "today") return { since: midnight(0), until: end };
  if (period === "yesterday") return { since: midnight(-1), until: Math.min(end ?? Infinity, midnight(0)) };
  return { since: Math.max(0, (end ?? Date.now()) - SPANS[period]), until: end };
}

/** At which a day by the reader's clock began, so many days from this one. */
function midnight(days: number): number {
  return hourOf(days, 0).getTime();
}
