/** A moment in the reader's zone, which each page names once; in UTC on hover. */

import { language, t } from "../words";

export function Time({ at }: { at: string | number | null | undefined }) {
  if (at === null || at === undefined) return <span>—</span>;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{at}</span>;
  const shown = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(moment);
  return <time dateTime={moment.toISOString()} title={inUtc(moment)}>{shown}</time>;
}

/** The zone that times are shown in and periods are typed in. */
export function Zone() {
  return <span class="quiet nowrap">{t("app.zone")} {zone()}</span>;
}

/** By its name and what it is ahead of UTC now. */
export function zone(): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const minutes = -new Date().getTimezoneOffset();
  if (name === "UTC") return name;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, "0"));
  return `${name} (UTC${minutes < 0 ? "−" : "+"}${hours}:${rest})`;
}

function inUtc(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
