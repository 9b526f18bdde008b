/** Where a field of the API stands in the form of a new mailing. */

import type { FieldError } from "../../../api";

const LINK = /^cascadeChainLink((?:\.nextLink)*)\.(.+)$/;
const LINK_PLACES: readonly (readonly [RegExp, string])[] = [
  [/^state$/, "state"],
  [/^message\.type$/, "channel"],
  [/^message\.data\.serviceNumber$/, "sender"],
  [/^message\.data\.(?:text|instantContent.*)$/, "text"],
  [/^message\.data\.(ttl|ttlUnit)$/, "$1"],
];
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^partner$/, "partner"],
  [/^name$/, "name"],
  [/^ratePerS$/, "rate"],
  [/^message$/, "text"],
  [/^message\.type$/, "channel"],
  [/^message\.data\.serviceNumber$/, "sender"],
  [/^message\.data\.(title|text|ttl|ttlUnit)$/, "$1"],
  [/^message\.data\.instantContent.*$/, "text"],
  [/^message\.data\.content\.(?:contentUrl|contentCategory)$/, "address"],
  [/^message\.data\.content\.actions\[(\d)\]\.(\w+)$/, "buttons-$1-$2"],
  [/^message\.data\.extraOptions(?:\.SECURE.*|\[\d+\]\.param_value.*)$/, "secure"],
  [/^message\.data\.extraOptions\.RICH\.title$/, "rich-title"],
  [/^message\.data\.extraOptions\.RICH\.message$/, "rich-text"],
  [/^message\.data\.extraOptions\.RICH\.content-(?:url|category)$/, "rich-address"],
  [/^segment$/, "to"],
  [/^segment\.(\w+).*$/, "segment-$1"],
  [/^scheduleInfo\.timeBegin$/, "begin"],
  [/^scheduleInfo\.timeEnd$/, "end"],
  [/^scheduleInfo\.weekdaysSchedule$/, "days"],
  [/^scheduleInfo\.deadline$/, "deadline"],
];

/** What is wrong, by the form's own names of fields; `others` stand nowhere in it. */
export function placed(fields: readonly FieldError[]): { faults: Record<string, string>; others: FieldError[] } {
  const faults: Record<string, string> = {};
  const others: FieldError[] = [];
  for (const fault of fields) {
    const place = placeOf(fault.field);
    if (place === null) others.push(fault);
    else faults[place] = fault.rule;
  }
  return { faults, others };
}

function placeOf(field: string): string | null {
  const [, steps = "", inner] = LINK.exec(field) ?? [];
  if (inner === undefined) return named(field, PLACES);
  const place = named(inner, LINK_PLACES);
  return place && `fallbacks-${steps.split(".nextLink").length - 1}-${place}`;
}

function named(field: string, places: readonly (readonly [RegExp, string])[]): string | null {
  const [pattern, place] = places.find(([known]) => known.test(field)) ?? [];
  return pattern && place !== undefined ? field.replace(pattern, place) : null;
}
