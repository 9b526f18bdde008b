/** What each field of the form of a new mailing shares: the draft, its change, and what is wrong about it. */

import type { Draft } from "./draft";

export interface Fields {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
  faults: Record<string, string>;
}
