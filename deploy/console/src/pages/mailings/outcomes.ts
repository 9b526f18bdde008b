/** What has become of a mailing's recipients, each of whom is in one figure, and how much of it is known. */

import type { Key } from "../../words";
import type { Mailing } from "./model";

/** In the order of the bar. */
export interface Outcome {
  name: "read" | "delivered" | "sent" | "failed" | "cancelled" | "pending" | "unplanned";
  count: number;
}

type Counted = Pick<Mailing, "state" | "progress">;

export function outcomesOf({ state, progress }: Counted): Outcome[] {
  const { read, delivered, sent, undelivered, cancelled, pending, unplanned } = progress;
  return [
    { name: "read", count: read },
    { name: "delivered", count: delivered - read },
    { name: "sent", count: sent - delivered },
    { name: "failed", count: undelivered },
    { name: "cancelled", count: cancelled },
    { name: "pending", count: pending },
    { name: "unplanned", count: state === "cancelled" ? 0 : (unplanned ?? 0) }, // who was not planned is among the cancelled then
  ];
}

/** Of how many the outcome is known, and how many there are, as far as that is known. */
export function knownOf(mailing: Counted): { known: number; whole: number } {
  const outcomes = outcomesOf(mailing);
  const sum = (counted: Outcome[]) => counted.reduce((total, { count }) => total + count, 0);
  return { known: sum(outcomes.filter(({ name }) => name !== "pending" && name !== "unplanned")), whole: sum(outcomes) };
}

/** Whether nobody plans any more; messages may still be pending. */
export function isOver({ state }: Pick<Mailing, "state">): boolean {
  return state === "done" || state === "cancelled";
}

/** Whether it is over and nothing is pending: the figures are final, but for late receipts. */
export function isSettled(mailing: Counted): boolean {
  return isOver(mailing) && mailing.progress.pending === 0;
}

/** Reasons that say that the application does not know the recipient, as the forecast's figure of that name does. */
const UNKNOWN = ["unknown-user", "unknown-phone"];

/** What is said when all is known, in the groups of the forecast; who got it always is. */
export function finalOf({ sent, delivered, undelivered, withoutDevice, cancelled, failed }: Mailing["progress"]): [Key, number][] {
  const unknown = UNKNOWN.reduce((sum, reason) => sum + (failed[reason] ?? 0), 0);
  const others: [Key, number][] = [
    ["mailings.final.sent", sent - delivered],
    ["mailings.final.cancelled", cancelled],
    ["mailings.final.unknown", unknown],
    ["mailings.final.unreachable", withoutDevice - unknown],
    ["mailings.final.failed", undelivered - withoutDevice],
  ];
  return [["mailings.final.delivered", delivered], ...others.filter(([, count]) => count > 0)];
}
