/** A state as a coloured word. */

const GOOD = new Set(["DELIVERED", "READ", "works", "ACTIVE", "DONE"]);
const BAD = new Set(["SUPPRESSED", "EXPIRED", "REFUSED", "FAILED", "revoked", "expired"]);

/** `kind` is for words that are no state. */
export function Badge({ state, kind }: { state: string; kind?: "good" | "bad" | "going" }) {
  const known = GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : "going";
  return <span class={`badge ${kind ?? known}`}>{state}</span>;
}
