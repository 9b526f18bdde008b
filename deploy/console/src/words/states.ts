/** What a message has come to, as its badge and the filter of a search say it; the API's own word is behind the dot. */

import type { Texts } from "./texts";

export const STATES = {
  "messageState.PLANNED": ["not sent yet", "ещё не отправлено"],
  "messageState.SENT": ["sent", "отправлено"],
  "messageState.SUPPRESSED": ["left out", "исключено"],
  "messageState.EXPIRED": ["expired", "срок истёк"],
  "messageState.REFUSED": ["refused", "отклонено"],
  "messageState.DELIVERED": ["delivered", "доставлено"],
  "messageState.READ": ["read", "прочитано"],
} as const satisfies Texts;
