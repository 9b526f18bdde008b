/** The form of a request for as long as the tab lives: who looks what became of a message finds it again on the way back. */

import type { Answer } from "../../documents";
import { hasEnded, isSignedIn, onSession, userName } from "../../session";
import { uuid } from "../../uuid";
import { EMPTY_REQUEST, type RequestDraft } from "./request-draft";

/** What the platform said; `usedAt`: the id had been used then, UTC ms, so nothing was sent. */
export interface Taken {
  answer: Answer<"/v6/send", "post">;
  usedAt: number | null;
}

interface Kept {
  login: string;
  draft: RequestDraft;
  taken: Taken | null;
}

const KEY = "rpns.request";

onSession(() => {
  if (!isSignedIn() && !hasEnded()) sessionStorage.removeItem(KEY);
});

/** What this login has left here, or an empty form with an id of its own. */
export function kept(): Pick<Kept, "draft" | "taken"> {
  const text = sessionStorage.getItem(KEY);
  const found = text === null ? null : (JSON.parse(text) as Kept);
  return found?.login === userName() ? { draft: { ...EMPTY_REQUEST, ...found.draft }, taken: found.taken } : { draft: { ...EMPTY_REQUEST, id: uuid() }, taken: null };
}

export function keep(draft: RequestDraft, taken: Taken | null): void {
  sessionStorage.setItem(KEY, JSON.stringify({ login: userName(), draft, taken } satisfies Kept));
}
