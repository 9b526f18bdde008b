/** How channels are called: by a brand, which is the same in every language, or in words. */

import type { Schemas } from "../documents";
import { t } from "../words";

type Channel = Schemas["Channel"];

const BRANDS = { SMS: "SMS", VIBER: "Viber", VK: "VK", WHATSAPP: "WhatsApp", TELEGRAM: "Telegram", MAX: "MAX", CARDSMOBILE: "CardsMobile" } as const satisfies Partial<Record<Channel, string>>;

/** One that a newer platform may have is shown as it is; null: a message without any. */
export function channelName(channel: Channel | string | null): string {
  if (channel === "PUSH" || channel === "FLASHINGCALL") return t(`mailings.channel.${channel}`);
  return Object.entries(BRANDS).find(([known]) => known === channel)?.[1] ?? channel ?? "—";
}
