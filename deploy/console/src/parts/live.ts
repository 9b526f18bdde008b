/** A value that is asked for again and again for as long as somebody can see the page. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api";
import { told } from "./figures";

export interface Live<T> {
  /** The last one that came; it stays while the platform is away. */
  value: T | null;
  /** Of the last try; null: it worked. */
  error: unknown;
  /** When the value came, in ms. */
  at: number | null;
  again: () => void;
  /** Takes a value that somebody else got, as the answer to a change. */
  told: (value: T) => void;
}

interface Held<T> {
  key: string;
  value: T | null;
  error: unknown;
  at: number | null;
}

const LONGEST_S = 15;
/** What is not there by then is not coming: a process that hangs refuses nothing. */
const MOST_S = 20;

/** `everyS` says after how many seconds it is asked for again; null: not by itself. Another `key` is another value. */
export function useLive<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyS: (value: T) => number | null): Live<T> {
  const [held, hold] = useState<Held<T>>({ key, value: null, error: null, at: null });
  const running = useRef<{ ask: () => void; took: (value: T) => void }>({ ask: () => {}, took: () => {} });
  useEffect(() => {
    let control = new AbortController();
    let timer = 0;
    let failures = 0;
    const wait = (seconds: number | null) => {
      clearTimeout(timer);
      if (seconds !== null && !document.hidden) timer = window.setTimeout(ask, seconds * 1000);
    };
    const took = (value: T) => {
      control.abort(); // what is on its way was asked for earlier
      failures = 0;
      hold({ key, value, error: null, at: Date.now() });
      wait(everyS(value));
    };
    const failed = (error: unknown) => {
      failures += 1;
      hold((last) => (last.key === key ? { ...last, error } : { key, value: null, error, at: null }));
      wait(isFinal(error) ? null : Math.min(LONGEST_S, 2 ** failures));
    };
    const ask = () => {
      control.abort();
      control = new AbortController();
      const asking = control;
      const { signal } = asking;
      const late = window.setTimeout(() => {
        if (signal.aborted) return;
        asking.abort();
        failed(new ApiError(0, "", told("live.noAnswer", { seconds: MOST_S })));
      }, MOST_S * 1000);
      load(signal)
        .then(
          (value) => signal.aborted || took(value),
          (error: unknown) => signal.aborted || failed(error),
        )
        .finally(() => clearTimeout(late));
    };
    const turned = () => {
      if (!document.hidden) return ask();
      clearTimeout(timer);
      control.abort();
    };
    running.current = { ask, took };
    document.addEventListener("visibilitychange", turned);
    ask();
    return () => {
      document.removeEventListener("visibilitychange", turned);
      clearTimeout(timer);
      control.abort();
    };
  }, [key]);
  const mine = held.key === key ? held : { value: null, error: null, at: null };
  return { ...mine, again: () => running.current.ask(), told: (value) => running.current.took(value) };
}

/** Whether the same question will get the same answer. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}
