/** Uploads that are under way, by mailing. They go on while other pages are looked at; closing the tab is asked about. */

import { useEffect, useState } from "preact/hooks";
import { send, upload } from "../../../api";
import { placeOf } from "../../../documents";
import { headOf } from "./columns";
import type { Uploaded } from "../model";

export type Job =
  | { is: "going"; name: string; sent: number; size: number }
  | { is: "stopped"; name: string }
  | { is: "failed"; name: string; error: unknown }
  | { is: "done"; name: string; answer: Uploaded };

const jobs = new Map<string, Job>();
const controls = new Map<string, AbortController>();
const listeners = new Set<() => void>();

export function useJob(id: string): Job | undefined {
  const [, redraw] = useState(0);
  useEffect(() => {
    const tell = () => redraw((count) => count + 1);
    listeners.add(tell);
    return () => {
      listeners.delete(tell);
    };
  }, []);
  return jobs.get(id);
}

/** Sends the file, after the list that is there was deleted if `isInstead`. What becomes of it is in the job. */
export async function begin(id: string, file: File, charset: string, isInstead: boolean): Promise<void> {
  const control = new AbortController();
  const { name, size } = file;
  controls.get(id)?.abort();
  controls.set(id, control);
  note(id, { is: "going", name, sent: 0, size });
  try {
    const head = await headOf(file, charset);
    if (isInstead) await deleteList(id, control.signal);
    const kind = head.isCsv ? "text/csv" : "application/x-ndjson";
    const headers = { "Content-Type": charset ? `${kind}; charset=${charset}` : kind, ...(head.isPacked ? { "Content-Encoding": "gzip" } : {}) };
    const moved = (sent: number) => note(id, { is: "going", name, sent, size });
    note(id, { is: "done", name, answer: await upload(placeOf("put", "/v1/mailings/{any_id}/recipients", { any_id: id }), file, headers, moved, control.signal) });
  } catch (error) {
    if (controls.get(id) === control) note(id, control.signal.aborted ? { is: "stopped", name } : { is: "failed", name, error });
  }
  if (controls.get(id) === control) controls.delete(id);
}

export async function deleteList(id: string, signal?: AbortSignal): Promise<void> {
  await send("delete", placeOf("delete", "/v1/mailings/{any_id}/recipients", { any_id: id }), undefined, signal ? { signal } : {});
}

export function stop(id: string): void {
  controls.get(id)?.abort();
}

/** Forgets what became of the last one. */
export function forget(id: string): void {
  jobs.delete(id);
  listeners.forEach((tell) => tell());
}

function note(id: string, job: Job): void {
  jobs.set(id, job);
  listeners.forEach((tell) => tell());
}

addEventListener("beforeunload", (event) => {
  if (controls.size > 0) event.preventDefault();
});
