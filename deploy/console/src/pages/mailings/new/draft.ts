/** What the form of a new mailing holds, as the API takes it, and where a field of the API stands in the form. */

import type { FieldError } from "../../../api";
import type { Button, Definition } from "../model";

export const UNITS = ["HOURS", "MINUTES", "SECONDS"] as const;

export interface Draft {
  partner: string;
  sender: string;
  name: string;
  title: string;
  text: string;
  category: "IMAGE" | "HTML";
  address: string;
  buttons: Button[];
  ttl: string;
  ttlUnit: (typeof UNITS)[number];
  isPrimaryOnly: boolean;
  when: "now" | "window";
  begin: string;
  end: string;
  days: string;
  zone: "recipient" | "partner";
  deadline: string;
  rate: string;
}

export const EMPTY: Draft = {
  partner: "", sender: "", name: "", title: "", text: "", category: "IMAGE", address: "", buttons: [], ttl: "24", ttlUnit: "HOURS",
  isPrimaryOnly: false, when: "now", begin: "10:00", end: "20:00", days: "", zone: "recipient", deadline: "", rate: "1000",
};

/** The body of `POST /v1/mailings`. What is no number goes as it was typed, so that the API says what is wrong. */
export function definitionOf(draft: Draft, id: string): Definition {
  const buttons = draft.buttons.map(({ title, action, options }) => ({ title, action, options: options || undefined }));
  const content = {
    ...(draft.address ? { contentCategory: draft.category, contentUrl: draft.address } : {}),
    ...(buttons.length ? { actions: buttons } : {}),
  };
  const data = {
    serviceNumber: draft.sender || undefined,
    title: draft.title || undefined,
    text: draft.text,
    ttl: amount(draft.ttl),
    ttlUnit: draft.ttlUnit,
    primaryOn: draft.isPrimaryOnly || undefined,
    content: Object.keys(content).length ? content : undefined,
  };
  const schedule = {
    timeBegin: draft.begin || undefined,
    timeEnd: draft.end || undefined,
    weekdaysSchedule: draft.days || undefined,
    deadline: draft.deadline ? new Date(draft.deadline).toISOString() : undefined,
  };
  return {
    id,
    name: draft.name,
    ratePerS: amount(draft.rate),
    message: { type: "PUSH", data },
    ...(draft.when === "window" ? { scheduleInfo: schedule, useTimeDiff: draft.zone === "recipient" } : {}),
  };
}

/** The form that would ask for the same, but for its deadline; null: some of it has no field in the form. */
export function draftOf(definition: Definition, partner: string): Draft | null {
  const { data } = definition.message;
  const schedule = definition.scheduleInfo;
  const draft: Draft = {
    ...EMPTY,
    partner,
    sender: data.serviceNumber ?? "",
    name: definition.name,
    title: data.title ?? "",
    text: data.text ?? "",
    category: data.content?.contentCategory === "HTML" ? "HTML" : "IMAGE",
    address: data.content?.contentUrl ?? "",
    buttons: data.content?.actions ?? [],
    ttl: data.ttl === undefined ? "" : String(data.ttl),
    ttlUnit: UNITS.find((unit) => unit === data.ttlUnit) ?? "MINUTES",
    isPrimaryOnly: data.primaryOn === true,
    when: schedule ? "window" : "now",
    begin: schedule?.timeBegin ?? "",
    end: schedule?.timeEnd ?? "",
    days: schedule?.weekdaysSchedule ?? "",
    zone: schedule && definition.useTimeDiff !== true ? "partner" : "recipient",
    rate: definition.ratePerS === undefined ? "" : String(definition.ratePerS),
  };
  const isWhole = same(definitionOf(draft, definition.id ?? ""), { ...definition, scheduleInfo: schedule && { ...schedule, deadline: undefined } });
  return isWhole ? draft : null;
}

/** Whether two values are one JSON, whatever the order of keys. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]));
}

function amount(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? (text as unknown as number) : value;
}

const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^partner$/, "partner"],
  [/^name$/, "name"],
  [/^ratePerS$/, "rate"],
  [/^message\.data\.serviceNumber$/, "sender"],
  [/^message\.data\.(title|text|ttl|ttlUnit)$/, "$1"],
  [/^message\.data\.content\.(?:contentUrl|contentCategory)$/, "address"],
  [/^message\.data\.content\.actions\[(\d)\]\.(\w+)$/, "button-$1-$2"],
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
    const [pattern, place] = PLACES.find(([known]) => known.test(fault.field)) ?? [];
    if (pattern === undefined || place === undefined) others.push(fault);
    else faults[fault.field.replace(pattern, place)] = fault.rule;
  }
  return { faults, others };
}
