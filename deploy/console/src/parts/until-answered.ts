/** Asks for what a page cannot do without until the platform answers. */

import { ApiError } from "../api";

const LONGEST_S = 15;

/** Waits longer each time that no answer comes; `missed`: at each of these. A refusal is an answer, which nobody is told.
    Returns what ends it. */
export function untilAnswered<T>(load: (signal: AbortSignal) => Promise<T>, took: (value: T) => void, missed: () => void = () => {}): () => void {
  const control = new AbortController();
  let timer = 0;
  let failures = 0;
  const ask = () => load(control.signal).then(took, failed);
  const failed = (error: unknown) => {
    if (control.signal.aborted) return;
    missed();
    failures += 1;
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) timer = window.setTimeout(ask, Math.min(LONGEST_S, 2 ** failures) * 1000);
  };
  void ask();
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}
