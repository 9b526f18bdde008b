/** The clock that times are shown by and typed in: that of the reader's own zone, or UTC. The choice is kept in this browser. */

const KEPT = "rpns.clock";
const MINUTE_MS = 60_000;

export function isUtc(): boolean {
  return localStorage.getItem(KEPT) === "utc";
}

export function setUtc(isOn: boolean): void {
  localStorage.setItem(KEPT, isOn ? "utc" : "own");
}

/** What `Intl.DateTimeFormat` needs for it; `isOther`: for the clock that is not chosen. */
export function zoneOption(isOther = false): Intl.DateTimeFormatOptions {
  return isUtc() === isOther ? {} : { timeZone: "UTC" };
}

/** A moment as a field for date and time holds it, to the millisecond if need be. */
export function typedOf(at: Date): string {
  const ahead = isUtc() ? 0 : -at.getTimezoneOffset() * MINUTE_MS;
  return new Date(at.getTime() + ahead).toISOString().slice(0, -1).replace(/(:00)?\.000$/, "");
}

/** The moment that was typed, as ISO 8601 in UTC; empty: none was. */
export function momentOf(typed: string): string {
  const at = new Date(isUtc() && typed ? `${typed}Z` : typed);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

/** An hour of today, or of so many days from today. */
export function hourOf(days: number, hour: number): Date {
  const at = new Date();
  if (isUtc()) return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + days, hour));
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days, hour);
}

/** How far the reader's own zone is ahead of UTC, in minutes. */
export function aheadMin(): number {
  return -new Date().getTimezoneOffset();
}
