/** What the form of a request holds, as `POST /v6/send` takes it, and the line of a shell that sends it. */

import type { FieldError } from "../../api";
import type { Given, Schemas } from "../../documents";
import { EMPTY, amount, definitionOf, type Draft } from "../mailings/new/draft.ts";
import { placed } from "../mailings/new/places.ts";

export const CHANNELS = ["SMS", "VIBER", "WHATSAPP", "TELEGRAM", "MAX"] as const;

/** The fields of a mailing's message and hours, and those of one message. */
export interface RequestDraft extends Draft {
  phone: string;
  user: string;
  id: string;
  reports: "1" | "2" | "0";
  /** What goes out when the push has not come so far in its lifetime; empty: nothing does. */
  cascade: "" | (typeof CHANNELS)[number];
  cascadeState: "DELIVERED" | "READ";
  cascadeText: string;
  cascadeSender: string;
  /** Minutes. */
  cascadeTtl: string;
}

export const EMPTY_REQUEST: RequestDraft = {
  ...EMPTY, ttl: "60", ttlUnit: "MINUTES", phone: "", user: "", id: "", reports: "1", cascade: "", cascadeState: "DELIVERED", cascadeText: "", cascadeSender: "", cascadeTtl: "60",
};

type Request = Given<Schemas["SendRequest"]>;

export function requestOf(draft: RequestDraft, by: { login: string; password: string }): Request {
  const { message, scheduleInfo, useTimeDiff } = definitionOf(draft, "");
  const text = draft.cascadeText;
  const common = { serviceNumber: draft.cascadeSender || undefined, ttl: amount(draft.cascadeTtl), ttlUnit: "MINUTES" };
  const said = draft.cascade === "VIBER" || draft.cascade === "WHATSAPP" ? { instantContent: { type: "text", data: { text } } } : { text };
  return {
    ...by,
    id: draft.id || undefined,
    destAddr: draft.phone || undefined,
    message: { ...message, data: { ...message.data, externalUserId: draft.user || undefined } },
    scheduleInfo,
    useTimeDiff,
    registeredDelivery: draft.reports === "1" ? undefined : draft.reports === "2" ? 2 : 0,
    cascadeChainLink: draft.cascade
      ? { state: draft.cascadeState, message: { type: draft.cascade, data: { ...said, ...common } } }
      : undefined,
  };
}

/** As JSON writes it, whatever it holds: `sed` sees it through a pipe. */
const PASSWORD = `$(printf %s "$RPNS_PASSWORD" | sed 's/["\\\\]/\\\\&/g')`;

/** For a POSIX shell. The password is the shell's variable, and so in no argument that other users of the machine could read. */
export function curlOf(origin: string, request: Request): string {
  const text = JSON.stringify({ ...request, password: "" }, null, 2).replace(/[\\$`]/g, "\\$&"); // as a here-document reads it
  const lines = text.replace('\n  "password": ""', () => `\n  "password": "${PASSWORD}"`);
  return `curl -sS ${quoted(`${origin}/v6/send`)} -H 'Content-Type: application/json' --data-binary @- <<END\n${lines}\nEND`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^destAddr$/, "phone"],
  [/^(?:message\.data\.)?externalUserId$/, "user"],
  [/^id$/, "id"],
];
/** Of what follows, as the form of a mailing names it. */
const CASCADE: Record<string, string> = {
  "fallbacks-0-sender": "cascadeSender",
  "fallbacks-0-ttl": "cascadeTtl",
  "fallbacks-0-text": "cascadeText",
  "fallbacks-0-channel": "cascade",
};

/** What is wrong, by the form's own names of fields; `others` stand nowhere in it. */
export function placedIn(fields: readonly FieldError[]): { faults: Record<string, string>; others: FieldError[] } {
  const found = placed(fields);
  const faults = Object.fromEntries(Object.entries(found.faults).map(([place, rule]) => [CASCADE[place] ?? place, rule]));
  const others: FieldError[] = [];
  for (const fault of found.others) {
    const [, place] = PLACES.find(([known]) => known.test(fault.field)) ?? [];
    if (place) faults[place] = fault.rule;
    else others.push(fault);
  }
  return { faults, others };
}
