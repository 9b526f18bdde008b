/** A moment in the reader's zone; the exact one, in UTC, on hover. */

import { language } from "../words";

export function Time({ at }: { at: string | number | null | undefined }) {
  if (at === null || at === undefined) return <span>—</span>;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{at}</span>;
  const shown = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(moment);
  return <time dateTime={moment.toISOString()} title={moment.toISOString()}>{shown}</time>;
}
