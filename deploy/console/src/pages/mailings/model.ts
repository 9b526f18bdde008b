/** Mailings as the API tells them, and what it takes. */

import { get, send } from "../../api";
import { place, placeOf, type Body, type Given, type Schemas } from "../../documents";
import { isPortal, ownSenders } from "../../session";

export type Mailing = Schemas["MailingView"];
export type MailingsPage = Schemas["MailingsPage"];
export type State = Mailing["state"];
export type Forecast = Schemas["ForecastView"];
export type ProblemsPage = Schemas["ProblemsPage"];
export type Uploaded = Schemas["UploadView"];
export type Channel = Schemas["Channel"];
export const CHANNELS = ["PUSH", "SMS", "VIBER", "VK", "WHATSAPP", "TELEGRAM", "FLASHINGCALL", "MAX", "CARDSMOBILE"] as const satisfies readonly Channel[];

/** What was asked for; and as a form asks for it. */
export type Definition = Schemas["MailingBody"];
export type Asked = Given<Definition>;
export type Message = Schemas["MessageBody"];
/** What follows where the message before has not come to `state` within its lifetime. */
export type ChainLink = Schemas["LinkBody"];
export type Button = Schemas["ButtonBody"];

/** What a message may hold, whatever it goes over. */
export type Content = Omit<Schemas["PushData"], "text"> & Schemas["ChannelData"];

/** The links behind the first message, in order. */
export function linksOf(definition: Definition): ChainLink[] {
  const links: ChainLink[] = [];
  for (let link = definition.cascadeChainLink; link; link = link.nextLink) links.push(link);
  return links;
}

/** Of a week, from Monday. */
export const DAYS = ["1", "2", "3", "4", "5", "6", "7"] as const;

export type Partner = Pick<Schemas["PartnerView"], "partnerId" | "defaultSender" | "utcOffsetMin" | "enabled">;
export type Sender = Pick<Schemas["SenderView"], "serviceNumber" | "applicationId" | "enabled">;

/** Those whose mailings somebody may make: a partner its own. */
export async function partners(signal: AbortSignal): Promise<Partner[]> {
  if (!isPortal) return get(place("/v1/partners"), signal);
  return [{ ...(await get(place("/v1/me/settings"), signal)), enabled: true }];
}

export async function sendersOf(partner: string, signal: AbortSignal): Promise<Sender[]> {
  if (isPortal) return ownSenders().map((sender) => ({ ...sender, enabled: true }));
  return partner ? get(place("/v1/partners/{partner_id}/senders", { partner_id: partner }), signal) : [];
}

export function found(before: string | null, limit: number, signal: AbortSignal): Promise<MailingsPage> {
  return get(place("/v1/mailings", { before, limit }), signal);
}

export function changed(id: string, changes: Body<"/v1/mailings/{any_id}", "patch">): Promise<Mailing> {
  return send("patch", placeOf("patch", "/v1/mailings/{any_id}", { any_id: id }), changes);
}

/** Whether it is known whom it goes to. */
export function isWhole({ list }: Mailing): boolean {
  return list === null || (list.complete && list.accepted > 0);
}
