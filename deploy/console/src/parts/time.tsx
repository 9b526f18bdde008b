/** A moment by the clock that each page names once; by the other one on hover. */

import { language, t } from "../words";
import { aheadMin, isUtc, setUtc, zoneOption } from "./clock";
import { told } from "./figures";

export function Time({ at }: { at: string | number | null | undefined }) {
  if (at === null || at === undefined) return <span>—</span>;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{at}</span>;
  return <time dateTime={moment.toISOString()} title={`${format(moment, MEDIUM, true)} ${zone(true)}`}>{format(moment, MEDIUM)}</time>;
}

const MEDIUM = { dateStyle: "medium", timeStyle: "medium" } as const;

/** `isOther`: by the clock that is not chosen. */
export function format(at: Date | number, options: Intl.DateTimeFormatOptions, isOther = false): string {
  return new Intl.DateTimeFormat(language(), { ...options, ...zoneOption(isOther) }).format(at);
}

/** The clock that times are shown by and typed in, and the way to the other one; `switched` draws the page anew. */
export function Zone({ switched }: { switched: () => void }) {
  const turned = () => {
    setUtc(!isUtc());
    switched();
  };
  return (
    <span class="quiet zone">
      <span class="nowrap">{t("app.zone")} {zone()}</span>
      {ownZone() !== "UTC" && <button type="button" class="link" onClick={turned}>{isUtc() ? told("app.zoneOwn", { zone: ownName() }) : t("app.zoneUtc")}</button>}
    </span>
  );
}

/** By its name and what it is ahead of UTC now. */
export function zone(isOther = false): string {
  return isUtc() === isOther ? ownZone() : "UTC";
}

function ownName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function ownZone(): string {
  const [name, minutes] = [ownName(), aheadMin()];
  if (name === "UTC") return name;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) => String(part).padStart(2, "0"));
  return `${name} (UTC${minutes < 0 ? "−" : "+"}${hours}:${rest})`;
}
