/** A state as a coloured word. */

import { t } from "../words";

type Kind = "good" | "bad" | "going";

/** Of a message, as far as it has come. */
const MESSAGE_STATES = {
  PLANNED: "going",
  SENT: "going",
  DELIVERED: "good",
  READ: "good",
  REFUSED: "bad",
  EXPIRED: "bad",
  SUPPRESSED: "bad",
} as const satisfies Record<string, Kind>;
export type MessageState = keyof typeof MESSAGE_STATES;
export const messageStates = Object.keys(MESSAGE_STATES) as MessageState[];

/** `raw` is the API's own word for it, on hover. */
export function Badge({ state, kind, raw }: { state: string; kind: Kind; raw?: string | undefined }) {
  return <span class={`badge ${kind}`} title={raw}>{state}</span>;
}

/** A state that a newer platform may have is shown as it is. */
export function MessageBadge({ state }: { state: string }) {
  const isKnown = (name: string): name is MessageState => Object.hasOwn(MESSAGE_STATES, name);
  return isKnown(state) ? <Badge state={t(`messageState.${state}`)} kind={MESSAGE_STATES[state]} raw={state} /> : <Badge state={state} kind="going" />;
}
