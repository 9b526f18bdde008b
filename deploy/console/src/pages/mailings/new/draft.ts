/** What the form of a new mailing holds, and how the API takes it. */

import type { Given, NoNumber, Schemas } from "../../../documents";
import { isObject, objectIn, type Json } from "../../../json.ts";
import type { Asked, Button, ChainLink, Channel, Content, Definition, Message } from "../model";
import { joined, restOf } from "./rest.ts";

export const UNITS = ["HOURS", "MINUTES", "SECONDS"] as const;
export type Unit = (typeof UNITS)[number];

/** What follows where the message before has not come to `state` within its lifetime. */
export interface Fallback {
  state: "DELIVERED" | "READ";
  channel: Channel;
  sender: string;
  text: string;
  ttl: string;
  ttlUnit: Unit;
}

/** Recipients by what their devices are; lists with commas between, times as ISO 8601. */
export interface SegmentFields {
  platforms: string[];
  subscriptions: string;
  timeZones: string;
  lastUsedAfter: string;
  lastUsedBefore: string;
  versionFrom: string;
  versionBelow: string;
}

export interface Draft {
  partner: string;
  sender: string;
  name: string;
  channel: Channel;
  title: string;
  text: string;
  category: "IMAGE" | "HTML";
  address: string;
  buttons: Button[];
  secure: { name: string; value: string }[];
  rich: { title: string; text: string; category: "IMAGE" | "HTML"; address: string };
  fallbacks: Fallback[];
  ttl: string;
  ttlUnit: Unit;
  isPrimaryOnly: boolean;
  to: "list" | "segment";
  segment: SegmentFields;
  when: "now" | "window";
  begin: string;
  end: string;
  days: string;
  zone: "recipient" | "partner";
  deadline: string;
  rate: string;
  /** JSON of what has no field. */
  more: string;
}

const NO_SEGMENT: SegmentFields = { platforms: [], subscriptions: "", timeZones: "", lastUsedAfter: "", lastUsedBefore: "", versionFrom: "", versionBelow: "" };
export const EMPTY: Draft = {
  partner: "", sender: "", name: "", channel: "PUSH", title: "", text: "", category: "IMAGE", address: "", buttons: [], secure: [],
  rich: { title: "", text: "", category: "IMAGE", address: "" }, fallbacks: [], ttl: "24", ttlUnit: "HOURS", isPrimaryOnly: false,
  to: "list", segment: NO_SEGMENT, when: "now", begin: "10:00", end: "20:00", days: "", zone: "recipient", deadline: "", rate: "1000", more: "",
};
export const NEW_FALLBACK: Fallback = { state: "DELIVERED", channel: "SMS", sender: "", text: "", ttl: "24", ttlUnit: "HOURS" };

/** The body of `POST /v1/mailings`. What is no number goes as it was typed, so that the API says what is wrong. */
export function definitionOf(draft: Draft, id: string): Asked {
  return joined(formOf(draft, id), moreOf(draft) ?? {}).whole;
}

/** What stands in the JSON beside the form; null: it is no object. */
export function moreOf({ more }: Draft): Json | null {
  return more.trim() === "" ? {} : objectIn(more);
}

/** Paths that stand in the JSON though the form has a field for them, which counts. */
export function takenTwice(draft: Draft): string[] {
  return joined(formOf(draft, "id"), moreOf(draft) ?? {}).taken;
}

function formOf(draft: Draft, id: string): Asked {
  const schedule = {
    timeBegin: draft.begin || undefined,
    timeEnd: draft.end || undefined,
    weekdaysSchedule: draft.days || undefined,
    deadline: draft.deadline || undefined,
  };
  return {
    id,
    name: draft.name,
    ratePerS: amount(draft.rate),
    message: draft.channel === "PUSH" ? pushOf(draft) : messageOf(draft.channel, draft),
    cascadeChainLink: chainOf(draft.fallbacks),
    segment: draft.to === "segment" ? segmentOf(draft.segment) : undefined,
    ...(draft.when === "window" ? { scheduleInfo: schedule, useTimeDiff: draft.zone === "recipient" } : {}),
  };
}

function pushOf(draft: Draft): Given<Message> {
  const buttons = draft.buttons.map(({ title, action, options }) => ({ title, action, options: options || undefined }));
  const content = {
    ...(draft.address ? { contentCategory: draft.category, contentUrl: draft.address } : {}),
    ...(buttons.length ? { actions: buttons } : {}),
  };
  const options = optionsOf(draft);
  return {
    type: "PUSH",
    data: {
      serviceNumber: draft.sender || undefined,
      title: draft.title || undefined,
      text: draft.text,
      ttl: amount(draft.ttl),
      ttlUnit: draft.ttlUnit,
      primaryOn: draft.isPrimaryOnly || undefined,
      content: Object.keys(content).length ? content : undefined,
      extraOptions: options.length ? options : undefined,
    },
  };
}

function optionsOf({ secure, rich }: Draft): Schemas["OptionBody"][] {
  const enrichment = {
    ...(rich.title ? { title: rich.title } : {}),
    ...(rich.text ? { message: rich.text } : {}),
    ...(rich.address ? { "content-category": rich.category, "content-url": rich.address } : {}),
  };
  return [
    ...(secure.length ? [{ param_name: "SECURE", param_value: Object.fromEntries(secure.map(({ name, value }) => [name, value])) }] : []),
    ...(Object.keys(enrichment).length ? [{ param_name: "RICH", param_value: enrichment }] : []),
  ];
}

/** A message that is a text and no more; two of the messengers take it as content of their own. */
function messageOf(type: Channel, { sender, text, ttl, ttlUnit }: Pick<Fallback, "sender" | "text" | "ttl" | "ttlUnit">): Given<Message> {
  const isInstant = type === "VIBER" || type === "WHATSAPP";
  const said = isInstant ? { instantContent: { type: "TEXT", data: { text } } } : { text };
  return { type, data: { serviceNumber: sender || undefined, ...said, ttl: amount(ttl), ttlUnit } };
}

function chainOf([first, ...others]: readonly Fallback[]): Given<ChainLink> | undefined {
  return first && { state: first.state, message: messageOf(first.channel, first), nextLink: chainOf(others) };
}

function segmentOf(fields: SegmentFields): Given<Schemas["SegmentBody"]> {
  return {
    platforms: fields.platforms.length ? fields.platforms : undefined,
    subscriptions: wordsOf(fields.subscriptions),
    timeZones: wordsOf(fields.timeZones),
    lastUsedAfter: fields.lastUsedAfter || undefined,
    lastUsedBefore: fields.lastUsedBefore || undefined,
    versionFrom: fields.versionFrom.trim() || undefined,
    versionBelow: fields.versionBelow.trim() || undefined,
  };
}

function wordsOf(text: string): string[] | undefined {
  const words = text.split(",").map((word) => word.trim()).filter(Boolean);
  return words.length ? words : undefined;
}

/** What is no number stays as it was typed. */
export function amount(text: string): number | NoNumber | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? (text as NoNumber) : value;
}

/** The form that would ask for the same, but for its deadline and the values of SECURE; null: no form would. */
export function draftOf(definition: Definition, partner: string): Draft | null {
  const schedule = definition.scheduleInfo;
  const { segment } = definition;
  const message = spelt(definition.message);
  const chain = speltChain(definition.cascadeChainLink);
  const data: Content = message.data;
  const asked: Asked = {
    ...definition,
    message,
    cascadeChainLink: chain,
    scheduleInfo: schedule && { ...schedule, deadline: undefined },
    segment: segment && { ...segment, lastUsedAfter: wholeOf(segment.lastUsedAfter), lastUsedBefore: wholeOf(segment.lastUsedBefore) },
  };
  const option = (name: string) => {
    const value = data.extraOptions?.find((known) => known.param_name === name)?.param_value;
    return isObject(value) ? value : {};
  };
  const rich = option("RICH");
  const draft: Draft = {
    ...EMPTY,
    ...fallbackOf(message),
    partner,
    name: definition.name,
    title: data.title ?? "",
    category: data.content?.contentCategory === "HTML" ? "HTML" : "IMAGE",
    address: data.content?.contentUrl ?? "",
    buttons: data.content?.actions ?? [],
    secure: Object.entries(option("SECURE")).map(([name, value]) => ({ name, value: String(value) })),
    rich: { title: text(rich.title), text: text(rich.message), category: rich["content-category"] === "HTML" ? "HTML" : "IMAGE", address: text(rich["content-url"]) },
    fallbacks: fallbacksOf(chain),
    isPrimaryOnly: data.primaryOn === true,
    to: segment ? "segment" : "list",
    segment: { ...NO_SEGMENT, ...(segment && fieldsOf(segment)) },
    when: schedule ? "window" : "now",
    begin: schedule?.timeBegin ?? "",
    end: schedule?.timeEnd ?? "",
    days: String(schedule?.weekdaysSchedule ?? ""),
    zone: schedule && definition.useTimeDiff !== true ? "partner" : "recipient",
    rate: String(definition.ratePerS ?? ""),
  };
  const rest = restOf(plain(asked), plain(formOf(draft, definition.id ?? "")));
  return rest && { ...draft, more: Object.keys(rest).length ? JSON.stringify(rest, null, 2) : "" };
}

/** With channels and states as this form spells them: the API takes them in any case. */
function spelt(message: Message): Message {
  return message.type ? { ...message, type: message.type.toUpperCase() } : message;
}

function speltChain(link: ChainLink | null | undefined): ChainLink | undefined {
  if (!link) return undefined;
  const next = speltChain(link.nextLink);
  return { ...link, state: link.state.toUpperCase(), message: spelt(link.message), ...(next ? { nextLink: next } : {}) };
}

function fallbacksOf(link: ChainLink | null | undefined): Fallback[] {
  return link ? [{ ...fallbackOf(link.message), state: link.state === "READ" ? "READ" : "DELIVERED" }, ...fallbacksOf(link.nextLink)] : [];
}

function fallbackOf(message: Message): Omit<Fallback, "state"> {
  const data: Content = message.data;
  return {
    channel: (message.type ?? "PUSH") as Channel, // another one is refused, or asked for as it was
    sender: data.serviceNumber ?? "",
    text: data.text ?? text(data.instantContent?.data.text),
    ttl: String(data.ttl ?? ""),
    ttlUnit: UNITS.find((unit) => unit === data.ttlUnit) ?? "MINUTES",
  };
}

function fieldsOf(segment: Schemas["SegmentBody"]): SegmentFields {
  return {
    platforms: segment.platforms ?? [],
    subscriptions: (segment.subscriptions ?? []).join(", "),
    timeZones: (segment.timeZones ?? []).join(", "),
    lastUsedAfter: isoOf(segment.lastUsedAfter),
    lastUsedBefore: isoOf(segment.lastUsedBefore),
    versionFrom: segment.versionFrom ?? "",
    versionBelow: segment.versionBelow ?? "",
  };
}

/** A moment as this form writes it; empty: it is none. */
function isoOf(moment: string | null | undefined): string {
  const at = new Date(moment ?? "");
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

/** A moment of UTC as this form writes it; one of another zone stays, for it would be another text. */
function wholeOf(moment: string | null | undefined): string | null | undefined {
  return moment?.endsWith("Z") ? isoOf(moment) || moment : moment;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Without what is undefined, as it goes over the wire. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
