/** Which of a customer's messages are looked for: those of a period, in the reader's zone, of a state, without mailings. */

import { messageStates, type MessageState } from "../parts/badge";
import { Choice, TextField, Tick } from "../parts/field";
import { told } from "../parts/figures";
import { zone } from "../parts/time";
import { isPortal } from "../session";
import { t, type Key } from "../words";

/** `from` and `to` as a field for date and time has them; what is empty leaves nothing out. */
export interface Filter {
  from: string;
  to: string;
  state: MessageState | "";
  isWithoutMailings: boolean;
}

export const EVERYTHING: Filter = { from: "", to: "", state: "", isWithoutMailings: false };
const HOUR_MS = 3_600_000;
const NIGHT_FROM_H = 22;
const NIGHT_TO_H = 8;
const YEARS = { min: "2000-01-01T00:00", max: "9999-12-31T23:59" };

const PERIODS = [
  ["support.hour", () => ({ from: typed(ago(HOUR_MS)), to: "" })],
  ["support.night", () => ({ from: typed(hourOf(-1, NIGHT_FROM_H)), to: typed(hourOf(0, NIGHT_TO_H)) })],
  ["support.week", () => ({ from: typed(ago(7 * 24 * HOUR_MS)), to: "" })],
  ["support.always", () => ({ from: "", to: "" })],
] as const satisfies readonly (readonly [Key, () => Pick<Filter, "from" | "to">])[];

/** `chosen` takes what holds at once; what is typed waits until somebody presses Find. */
export function FilterFields(props: { filter: Filter; changed: (filter: Filter) => void; chosen: (filter: Filter) => void }) {
  const { filter, changed, chosen } = props;
  return (
    <details class="filters" open={faultOf(filter) !== undefined || undefined}>
      <summary>{t("support.filters")}{!isOpen(filter) && ` — ${t("support.filtered")}`}</summary>
      <div class="row filter">
        <TextField id="support-from" label={t("support.from")} fault={faultOf(filter)} value={filter.from} changed={(from) => changed({ ...filter, from })} more={{ type: "datetime-local", ...YEARS }} />
        <TextField id="support-to" label={t("support.to")} value={filter.to} changed={(to) => changed({ ...filter, to })} more={{ type: "datetime-local", ...YEARS }} />
        <Choice id="support-state" label={t("support.state")} value={filter.state} changed={(state) => changed({ ...filter, state })} of={[["", t("support.anyState")], ...messageStates.map((state) => [state, t(`messageState.${state}`)] as const)]} />
      </div>
      <div class="row" role="group" aria-label={t("support.period")}>
        {PERIODS.map(([title, period]) => (
          <button type="button" key={title} onClick={() => chosen({ ...filter, ...period() })}>{t(title)}</button>
        ))}
      </div>
      <p class="quiet">{told(isPortal ? "portal.filterHint" : "support.filterHint", { zone: zone() })}</p>
    </details>
  );
}

/** In sight at once: behind a mailing of many there is nothing else to be seen. */
export function WithoutMailings({ filter, chosen }: { filter: Filter; chosen: (filter: Filter) => void }) {
  return <Tick label={t("support.withoutMailings")} value={filter.isWithoutMailings} changed={(isWithoutMailings) => chosen({ ...filter, isWithoutMailings })} />;
}

/** Whether it leaves nothing out. */
export function isOpen({ from, to, state, isWithoutMailings }: Filter): boolean {
  return !from && !to && !state && !isWithoutMailings;
}

export function faultOf({ from, to }: Filter): string | undefined {
  return from && to && from >= to ? t("support.fromAfterTo") : undefined;
}

export function queryOf({ from, to, state, isWithoutMailings }: Filter) {
  return { from: momentOf(from), to: momentOf(to), state: state || null, mailings: isWithoutMailings ? false : null };
}

/** UTC ms, as the query takes them. */
function momentOf(typed: string): string | null {
  return typed ? String(Date.parse(typed)) : null;
}

function ago(ms: number): Date {
  return new Date(Date.now() - ms);
}

/** An hour of today, or of so many days from today. */
function hourOf(days: number, hour: number): Date {
  const at = new Date();
  at.setDate(at.getDate() + days);
  at.setHours(hour, 0, 0, 0);
  return at;
}

/** As a field for date and time has it: in the reader's zone, to the minute. */
function typed(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
