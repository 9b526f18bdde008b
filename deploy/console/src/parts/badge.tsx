/** A state as a coloured word. */

const GOOD = new Set(["DELIVERED", "READ", "works", "ACTIVE", "DONE"]);
const BAD = new Set(["SUPPRESSED", "EXPIRED", "REFUSED", "FAILED", "revoked", "expired"]);

export function Badge({ state }: { state: string }) {
  const kind = GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : "going";
  return <span class={`badge ${kind}`}>{state}</span>;
}
