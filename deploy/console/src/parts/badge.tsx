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

/** A state by the table of its kinds; one that a newer platform may have is shown as it is. */
export function StateBadge<Name extends string>({ state, kinds, words }: { state: string; kinds: Readonly<Record<Name, Kind>>; words: (name: Name) => string }) {
  const isKnown = (name: string): name is Name => Object.hasOwn(kinds, name);
  return isKnown(state) ? <Badge state={words(state)} kind={kinds[state]} raw={state} /> : <Badge state={state} kind="going" raw={state} />;
}

/** A message's state in a word; one that a newer platform may have stays as it is. */
export function stateWords(state: string): string {
  return Object.hasOwn(MESSAGE_STATES, state) ? t(`messageState.${state as MessageState}`) : state;
}

export function MessageBadge({ state }: { state: string }) {
  return <StateBadge state={state} kinds={MESSAGE_STATES} words={(name) => t(`messageState.${name}`)} />;
}
