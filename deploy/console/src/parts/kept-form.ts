/** What somebody is typing, in this page's memory: when the session ends meanwhile, whoever signs in anew finds it, if it
    is the same one. Whoever signs out leaves nothing, nor does whom somebody else follows, and secrets are none of this. */

import { useEffect, useRef, useState, type StateUpdater, type Dispatch } from "preact/hooks";
import { hasEnded, isSignedIn, onSession, userName } from "../session";

interface Kept {
  /** Who has typed it. */
  name: string;
  values: unknown;
}

const all = new Map<string, Kept>();

onSession(() => {
  if (!isSignedIn() && !hasEnded()) all.clear();
  if (isSignedIn()) for (const [form, { name }] of all) if (name !== userName()) all.delete(form);
});

/** `form` names it, and is what it is asked for by. */
export function keep(form: string, values: unknown): void {
  if (isSignedIn()) all.set(form, { name: userName(), values });
}

export function drop(form: string): void {
  all.delete(form);
}

/** Null where nobody has left anything, or somebody else has. */
export function keptOf<Values>(form: string): Values | null {
  const found = all.get(form);
  return found?.name === userName() ? (found.values as Values) : null;
}

/** Which of the forms of a page it is, by the page's address. */
export function formHere(...names: string[]): string {
  return [location.hash, ...names].join("\n");
}

/** The state of a form, which a session that ends leaves behind and nothing else does. `only` says what of it is kept:
    secrets are not. */
export function useKept<Values>(form: string, first: Values, only: (values: Values) => Values = (values) => values): [Values, Dispatch<StateUpdater<Values>>] {
  const place = useRef(form).current;
  const [values, hold] = useState(() => keptOf<Values>(place) ?? first);
  useEffect(() => keep(place, only(values)), [values]);
  useEffect(() => () => {
    if (!hasEnded()) drop(place);
  }, []);
  return [values, hold];
}
