/** Mailings as the API tells them (`services/ingest/mailing/views.py`), and what it takes. */

import { request, withQuery } from "../../api";
import { isPortal, ownSenders } from "../../session";

export type State = "draft" | "running" | "paused" | "done" | "cancelled";

export interface List {
  accepted: number;
  refused: number;
  repeated: number;
  nextLine: number;
  complete: boolean;
}

export interface Progress {
  recipients: number | null;
  planned: number;
  ratePerS: number;
  finishesAt: number | null;
  states: Record<string, number>;
  failed: Record<string, number>;
  sent: number;
  delivered: number;
  read: number;
  countedAt: number | null;
}

export interface Mailing {
  mailingId: string;
  partnerId: string;
  name: string;
  state: State;
  reason: string | null;
  createdAt: number;
  startAt: number | null;
  startedAt: number | null;
  finishedAt: number | null;
  ratePerS: number;
  onBadLines: "refuse" | "skip";
  onRepeated: "skip" | "send";
  list: List | null;
  segment: unknown;
  placeholders: string[] | null;
  progress: Progress;
}

export interface Uploaded {
  understood: { format: string; encoding: string; delimiter: string | null; columns: string[]; ignored: number; rows: number };
  accepted: number;
  refused: number;
  repeated: number;
  list: List;
}

export interface Button {
  title: string;
  action: string;
  options?: string | undefined;
}

export const CHANNELS = ["PUSH", "SMS", "VIBER", "VK", "WHATSAPP", "TELEGRAM", "FLASHINGCALL", "MAX", "CARDSMOBILE"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Message {
  type: string;
  data: {
    serviceNumber?: string | undefined;
    title?: string | undefined;
    text?: string | undefined;
    instantContent?: { type: string; data: { text?: string | undefined } } | undefined;
    ttl?: number | undefined;
    ttlUnit?: string | undefined;
    primaryOn?: boolean | undefined;
    content?: { contentCategory?: string | undefined; contentUrl?: string | undefined; actions?: Button[] | undefined } | undefined;
    extraOptions?: { param_name: string; param_value: Record<string, unknown> }[] | undefined;
  };
}

/** What follows where the message before has not come to `state` within its lifetime. */
export interface ChainLink {
  state: string;
  message: Message;
  nextLink?: ChainLink | undefined;
}

export interface Segment {
  platforms?: string[] | undefined;
  subscriptions?: string[] | undefined;
  timeZones?: string[] | undefined;
  lastUsedAfter?: string | undefined;
  lastUsedBefore?: string | undefined;
  versionFrom?: string | undefined;
  versionBelow?: string | undefined;
}

/** What was asked for, as far as this page makes or shows it. */
export interface Definition {
  name: string;
  id?: string | undefined;
  ratePerS?: number | undefined;
  onBadLines?: "refuse" | "skip" | undefined;
  onRepeated?: "skip" | "send" | undefined;
  useTimeDiff?: boolean | undefined;
  scheduleInfo?: { timeBegin?: string | undefined; timeEnd?: string | undefined; weekdaysSchedule?: string | undefined; deadline?: string | undefined } | undefined;
  segment?: Segment | undefined;
  message: Message;
  cascadeChainLink?: ChainLink | undefined;
}

/** The links behind the first message, in order. */
export function linksOf(definition: Definition): ChainLink[] {
  const links: ChainLink[] = [];
  for (let link = definition.cascadeChainLink; link; link = link.nextLink) links.push(link);
  return links;
}

/** Of a week, from Monday. */
export const DAYS = ["1", "2", "3", "4", "5", "6", "7"] as const;

export interface Partner {
  partnerId: string;
  login: string;
  defaultSender: string | null;
  utcOffsetMin: number;
  enabled: boolean;
}

export interface Sender {
  serviceNumber: string;
  applicationId: string | null;
  enabled: boolean;
}

/** Those whose mailings somebody may make: a partner its own. */
export async function partners(signal: AbortSignal): Promise<Partner[]> {
  if (!isPortal) return request<Partner[]>("/v1/partners", { signal });
  return [{ ...(await request<Omit<Partner, "enabled">>("/v1/me/settings", { signal })), enabled: true }];
}

export async function sendersOf(partner: string, signal: AbortSignal): Promise<Sender[]> {
  if (isPortal) return ownSenders().map((sender) => ({ ...sender, enabled: true }));
  return partner ? request<Sender[]>(`/v1/partners/${encodeURIComponent(partner)}/senders`, { signal }) : [];
}

export function pathOf(id: string, rest = ""): string {
  return `/v1/mailings/${encodeURIComponent(id)}${rest}`;
}

export function found(before: string | null, limit: number, signal: AbortSignal): Promise<{ mailings: Mailing[]; before: string | null }> {
  return request(withQuery("/v1/mailings", { before, limit }), { signal });
}

export function changed(id: string, changes: Partial<Pick<Mailing, "ratePerS" | "name" | "onBadLines" | "onRepeated">>): Promise<Mailing> {
  return request(pathOf(id), { method: "PATCH", body: JSON.stringify(changes) });
}

/** Whether it is known whom it goes to. */
export function isWhole({ list }: Mailing): boolean {
  return list === null || (list.complete && list.accepted > 0);
}

/** Recipients that nothing has been decided about: not handed to a provider, and not failed either. */
export function left({ progress }: Mailing): number {
  const failed = Object.values(progress.failed).reduce((sum, count) => sum + count, 0);
  const whole = progress.recipients ?? progress.planned;
  return Math.max(0, whole - progress.sent - failed);
}
