/**
 * What a mailing costs at most: what the forecast counts, by the prices that somebody has typed here.
 *
 * Prices are kept in this browser and sent nowhere: the platform knows none (DECISIONS 125). Sums are exact to the
 * millionth, and shown rounded up to hundredths, for they say "at most".
 */

import type { Forecast } from "./model";

export interface Prices {
  currency: string;
  /** As they were typed, by channel: of an SMS for each part, else for each message. */
  typed: Readonly<Record<string, string>>;
}

const KEPT = "rpns.prices";
const NONE: Prices = { currency: "", typed: {} };
const MILLIONTHS = 1_000_000n;
const HUNDREDTH = 10_000n;

/** In millionths; null for what is no price. A comma or a point before the decimals, spaces between thousands. */
export function priceOf(typed: string): bigint | null {
  const found = /^(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(typed.replace(/[\s\u00a0\u202f]/g, ""));
  return found === null ? null : BigInt(found[1] ?? "") * MILLIONTHS + BigInt((found[2] ?? "").padEnd(6, "0"));
}

/** In hundredths, of all channels whose price is typed; null while there is none. */
export function costOf(paid: Forecast["paid"], typed: Prices["typed"]): bigint | null {
  let sum: bigint | null = null;
  for (const { channel, messages, parts } of paid) {
    const price = priceOf(typed[channel] ?? "");
    if (price !== null) sum = (sum ?? 0n) + price * BigInt(parts ?? messages);
  }
  return sum === null ? null : (sum + HUNDREDTH - 1n) / HUNDREDTH;
}

/** Whether each channel that is paid for has a price: else the sum is of some of them only. */
export function isWhole(paid: Forecast["paid"], typed: Prices["typed"]): boolean {
  return paid.every(({ channel }) => priceOf(typed[channel] ?? "") !== null);
}

/** A sum in hundredths, as the language writes it. */
export function written(hundredths: bigint, language: string): string {
  const digits = hundredths.toString().padStart(3, "0");
  const whole = new Intl.NumberFormat(language).format(BigInt(digits.slice(0, -2)));
  const comma = new Intl.NumberFormat(language).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";
  return `${whole}${comma}${digits.slice(-2)}`;
}

/** The last ones that were typed in this browser; what it holds may be of another release, or anybody's. */
export function keptPrices(): Prices {
  try {
    const { currency, typed } = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Prices>;
    const prices = Object.entries(typed ?? {}).filter(([, price]) => typeof price === "string");
    return { currency: typeof currency === "string" ? currency : "", typed: Object.fromEntries(prices) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return NONE;
    throw error;
  }
}

export function keepPrices(prices: Prices): void {
  localStorage.setItem(KEPT, JSON.stringify(prices));
}
