/** Numbers as the reader's language writes them, and texts that hold some. */

import { language, t, type Key } from "../words";
import { shareOf } from "./share";

export function number(value: number): string {
  return new Intl.NumberFormat(language()).format(value);
}

/** Never rounded to none or to all: what is neither shows as less than the least share, or more than the largest. */
export function percent(part: number, whole: number): string {
  const { share, sign } = shareOf(part, whole);
  return sign + new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(share);
}

/** The text with its `{name}`s filled in. */
export function told(key: Key, values: Record<string, string | number>): string {
  return t(key).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** As it stands within a sentence: an abbreviation stays in capitals. */
export function lowered(words: string): string {
  return words.replace(/^\p{Lu}(?=\p{Ll})/u, (letter) => letter.toLowerCase());
}

/** With the unit that leaves few digits. */
export function duration(ms: number): string {
  const units = [["unit.day", 86_400_000], ["unit.hour", 3_600_000], ["unit.minute", 60_000], ["unit.second", 1000]] as const;
  const [unit, size] = units.find(([, length]) => ms >= length) ?? (["unit.ms", 1] as const);
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(ms / size)} ${t(unit)}`;
}
