/** A value that is followed, or asked for again and again, for as long as somebody can see the page. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api";
import { language } from "../words";
import { told } from "./figures";
import { follow } from "./stream";

export interface Live<T> {
  /** The last one that came; it stays while the platform is away. */
  value: T | null;
  /** Of the last try; null: it worked. */
  error: unknown;
  /** When the value came, in ms. */
  at: number | null;
  /** Whether changes come by themselves now. */
  isStreamed: boolean;
  /** Whether they could. */
  hasStream: boolean;
  again: () => void;
  /** Takes a value that somebody else got, as the answer to a change. */
  told: (value: T) => void;
}

/** A stream whose events are the answer, or its parts by the events' names; null: not all of them have come. Without a
    `value` they say only that there is another answer, which is asked for then, if it `isWanted`. */
export interface Stream<T> {
  path: string;
  value?: (parts: Record<string, unknown>) => T | null;
  isWanted?: () => boolean;
}

interface Held<T> {
  key: string;
  value: T | null;
  error: unknown;
  at: number | null;
  isStreamed: boolean;
}

const LONGEST_S = 15;
/** After one that has told of another answer: there may be more. */
const CHANGED_S = 1;
/** What is not there by then is not coming: a process that hangs refuses nothing. */
const MOST_S = 20;

/** `everyS` says after how many seconds it is asked for again; null: not by itself. Another `key` is another value.
    In another language it is asked for at once, for its words; until it comes the last one stays.

    With a `stream` that has a value it is asked for only while that does not speak: refused, broken, or kept back by a
    gateway. */
export function useLive<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyS: (value: T) => number | null, stream: Stream<T> | null = null): Live<T> {
  const [held, hold] = useState<Held<T>>(nothing(key));
  const spoken = language();
  const running = useRef<{ ask: () => void; took: (value: T) => void }>({ ask: () => {}, took: () => {} });
  useEffect(() => {
    let control = new AbortController();
    let timer = 0;
    let failures = 0;
    let isStreamed = false;
    let isAsking = false;
    let isChanged = false;
    let last: { value: T } | null = null;
    let unfollow = () => {};
    const parts: Record<string, unknown> = {};
    const place = { id: "" };
    const wait = (seconds: number | null) => {
      clearTimeout(timer);
      if (seconds !== null && !document.hidden) timer = window.setTimeout(ask, seconds * 1000);
    };
    const changed = () => {
      if (isChanged || stream?.isWanted?.() === false) return;
      isChanged = true;
      if (!isAsking) wait(CHANGED_S);
    };
    const took = (value: T) => {
      control.abort(); // what is on its way was asked for earlier
      isAsking = false;
      failures = 0;
      last = { value };
      hold({ key, value, error: null, at: Date.now(), isStreamed });
      wait(isChanged ? CHANGED_S : isStreamed ? null : everyS(value));
    };
    const failed = (error: unknown) => {
      isAsking = false;
      failures += 1;
      hold((before) => ({ ...(before.key === key ? before : nothing<T>(key)), error }));
      wait(isFinal(error) || (isStreamed && stream?.value) ? null : Math.min(LONGEST_S, 2 ** failures));
    };
    const ask = () => {
      control.abort();
      control = new AbortController();
      [isAsking, isChanged] = [true, false];
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
    const heard = (name: string, data: unknown) => {
      if (!stream?.value) return changed();
      parts[name] = data;
      const value = stream.value(parts);
      if (value !== null) took(value);
    };
    const spoke = () => {
      const isFirst = !isStreamed;
      isStreamed = true;
      if (!stream?.value) return isFirst ? ask() : undefined; // what came before it began is not told of
      if (last !== null) took(last.value); // it is so still
    };
    const lost = () => {
      isStreamed = false;
      hold((before) => ({ ...before, isStreamed }));
      if (last === null || everyS(last.value) !== null) ask();
    };
    const begin = () => {
      if (stream === null) ask();
      else unfollow = follow(stream.path, place, { heard, spoke, lost });
    };
    const end = () => {
      unfollow();
      [isStreamed, isAsking, isChanged] = [false, false, false];
      clearTimeout(timer);
      control.abort();
    };
    const turned = () => (document.hidden ? end() : begin());
    running.current = { ask, took };
    document.addEventListener("visibilitychange", turned);
    if (!document.hidden) begin();
    return () => {
      document.removeEventListener("visibilitychange", turned);
      end();
    };
  }, [key, spoken]);
  const mine = held.key === key ? held : nothing<T>(key);
  return { ...mine, hasStream: stream !== null, again: () => running.current.ask(), told: (value) => running.current.took(value) };
}

function nothing<T>(key: string): Held<T> {
  return { key, value: null, error: null, at: null, isStreamed: false };
}

/** Whether the same question will get the same answer. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}
