/** A stream of server-sent events that is kept open: it goes on where it was left, and waits longer each time it fails. */

import { ApiError, streamed } from "../api";

/** What becomes of a stream. `spoke`: at anything that came, a comment too; `lost`: ask in another way until it speaks. */
export interface Listener {
  heard: (name: string, data: unknown) => void;
  spoke: () => void;
  lost: () => void;
}

const FIRST_S = 4;
/** The services begin at once: what is late is kept back by a gateway. */
const SILENT_S = 25;
/** The services send something every ten seconds. */
const REFUSED_S = 60;
const LONGEST_S = 15;

/** Opens it at once; returns what ends it. */
export function follow(path: string, last: { id: string }, listener: Listener): () => void {
  let control = new AbortController();
  let timer = 0;
  let failures = 0;
  const again = (seconds: number) => {
    listener.lost();
    timer = window.setTimeout(open, seconds * 1000);
  };
  const open = async () => {
    const opened = new AbortController();
    const { signal } = opened;
    control = opened;
    const late = () => {
      opened.abort();
      again(REFUSED_S);
    };
    timer = window.setTimeout(late, FIRST_S * 1000);
    try {
      for await (const event of streamed(path, last.id, signal)) {
        clearTimeout(timer);
        timer = window.setTimeout(late, SILENT_S * 1000);
        failures = 0;
        listener.spoke();
        if (event.id) last.id = event.id;
        if (event.data) listener.heard(event.name, JSON.parse(event.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isRefused(error)) {
        clearTimeout(timer);
        return again(REFUSED_S);
      }
    }
    if (signal.aborted) return;
    clearTimeout(timer);
    failures += 1;
    again(Math.min(LONGEST_S, 2 ** failures / 2) * (0.5 + Math.random()));
  };
  void open();
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}

/** Whether the platform answers, and not with a stream: too many are open, or this release has none. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status !== 0 && error.status < 500;
}
