/**
 * How long messages may live, by the API's own rule (`LIFETIME_S` of `schemas/values.py`), and whether what follows in a
 * cascade can still go before the deadline, so that both are seen while they are typed. A test compares them.
 */

import type { Channel } from "../model";
import type { Unit } from "./draft";

const DAY_S = 86_400;
/** The shortest and the longest, in seconds. */
export const LIFETIME_S: Readonly<Record<Channel, readonly [least: number, most: number]>> = {
  PUSH: [30, DAY_S],
  VIBER: [30, DAY_S],
  TELEGRAM: [30, DAY_S],
  VK: [60, DAY_S],
  SMS: [60, 2 * DAY_S],
  WHATSAPP: [DAY_S, 7 * DAY_S],
  FLASHINGCALL: [60, 300],
  MAX: [30, 7 * DAY_S],
  CARDSMOBILE: [30, 7 * DAY_S],
};
const UNIT_S: Record<Unit, number> = { HOURS: 3600, MINUTES: 60, SECONDS: 1 };

/** A message of a cascade, as it was typed, and the names of its fields. */
export interface Lived {
  channel: Channel;
  ttl: string;
  ttlUnit: Unit;
  /** Where its lifetime stands. */
  at: string;
  /** Where that which it waits for stands; the first one waits for nothing. */
  after?: string;
}

export type Misfit =
  | { at: string; is: "out of range"; channel: Channel }
  /** Nothing before it has failed for certain by then. */
  | { at: string; is: "behind the deadline"; waitsS: number };

/** What does not fit, the first message first. `leftS`: until the deadline; null: there is none. */
export function misfits(links: readonly Lived[], leftS: number | null): Misfit[] {
  const found: Misfit[] = [];
  let waitsS = 0;
  for (const { channel, ttl, ttlUnit, at, after } of links) {
    if (after !== undefined && leftS !== null && leftS >= 0 && waitsS >= leftS) found.push({ at: after, is: "behind the deadline", waitsS });
    const amount = Number(ttl);
    if (ttl.trim() === "" || !Number.isInteger(amount)) continue; // the partner's default, or what the platform has words for
    const [least, most] = LIFETIME_S[channel];
    const lifeS = amount * UNIT_S[ttlUnit];
    if (lifeS < least || lifeS > most) found.push({ at, is: "out of range", channel });
    waitsS += lifeS;
  }
  return found;
}
