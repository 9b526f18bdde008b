/** What a page shows while there is nothing, not yet, or not because of a fault. */

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api";
import { isPortal } from "../session";
import { language, t } from "../words";

export function Loading() {
  return <p class="state" role="status">{t("state.loading")}</p>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="state">{children}</p>;
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div class="state failure" role="alert">
      <p><strong>{heading(error)}</strong></p>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {retry && <button type="button" onClick={retry}>{t("state.retry")}</button>}
    </div>
  );
}

/** In a few words. */
export function heading(error: unknown): string {
  if (!(error instanceof ApiError)) return t("state.failed");
  if (error.status === 403) return t(isPortal ? "portal.forbidden" : "state.forbidden");
  if (error.status === 404) return t("state.notThere");
  return [0, 502, 503, 504].includes(error.status) ? t("state.unreachable") : t("state.failed");
}

export type Loaded<T> = { is: "loading" } | { is: "failed"; error: unknown } | { is: "there"; value: T };

/** Loads anew whenever `key` changes or `again` is called; an answer that is overtaken is dropped.

    In another language it is asked again, for its words: until that answer is there the last one stays. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): [Loaded<T>, () => void] {
  const [held, hold] = useState<{ key: string; loaded: Loaded<T> }>({ key, loaded: { is: "loading" } });
  const [round, setRound] = useState(0);
  const spoken = language();
  const last = useRef("");
  useEffect(() => {
    const control = new AbortController();
    const question = `${round} ${key}`;
    const isInOtherWords = last.current === question;
    last.current = question;
    const told = (loaded: Loaded<T>) => control.signal.aborted || hold({ key, loaded });
    if (!isInOtherWords) told({ is: "loading" });
    load(control.signal).then(
      (value) => told({ is: "there", value }),
      (error: unknown) => told({ is: "failed", error }),
    );
    return () => control.abort();
  }, [key, round, spoken]);
  const again = useCallback(() => setRound((last) => last + 1), []);
  return [held.key === key ? held.loaded : { is: "loading" }, again];
}

export function Shown<T>(props: { loaded: Loaded<T>; again: () => void; children: (value: T) => ComponentChildren }) {
  if (props.loaded.is === "loading") return <Loading />;
  if (props.loaded.is === "failed") return <Failure error={props.loaded.error} retry={props.again} />;
  return <>{props.children(props.loaded.value)}</>;
}
