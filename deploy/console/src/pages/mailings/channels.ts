/** How channels are called: by a brand, which is the same in every language, or in words. */

import { t } from "../../words";
import type { Channel } from "./model";

const BRANDS = { SMS: "SMS", VIBER: "Viber", VK: "VK", WHATSAPP: "WhatsApp", TELEGRAM: "Telegram", MAX: "MAX", CARDSMOBILE: "CardsMobile" } as const;

export function channelName(channel: Channel): string {
  return channel === "PUSH" || channel === "FLASHINGCALL" ? t(`mailings.channel.${channel}`) : BRANDS[channel];
}
