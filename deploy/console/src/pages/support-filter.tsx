/** Which of a customer's messages are looked for: those of a period, by the reader's clock, of a state, without mailings. */

import { messageStates, type MessageState } from "../parts/badge";
import { hourOf } from "../parts/clock";
import { Choice, Tick } from "../parts/field";
import { MomentField } from "../parts/moment-field";
import { isPortal } from "../session";
import { t, type Key } from "../words";

/** `from` and `to` are ISO 8601; what is empty leaves nothing out. */
export interface Filter {
  from: string;
  to: string;
  state: MessageState | "";
  isWithoutMailings: boolean;
}

export const EVERYTHING: Filter = { from: "", to: "", state: "", isWithoutMailings: false };
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NIGHT_FROM_H = 22;
const NIGHT_TO_H = 8;
const YEARS = { min: "2000-01-01T00:00", max: "9999-12-31T23:59" };

const PERIODS = [
  ["support.hour", () => ({ from: ago(HOUR_MS).toISOString(), to: "" })],
  ["support.night", () => ({ from: hourOf(-1, NIGHT_FROM_H).toISOString(), to: hourOf(0, NIGHT_TO_H).toISOString() })],
  ["support.week", () => ({ from: ago(7 * 24 * HOUR_MS).toISOString(), to: "" })],
  ["support.always", () => ({ from: "", to: "" })],
] as const satisfies readonly (readonly [Key, () => Pick<Filter, "from" | "to">])[];

/** `chosen` takes what holds at once; what is typed waits until somebody presses Find. */
export function FilterFields(props: { filter: Filter; changed: (filter: Filter) => void; chosen: (filter: Filter) => void }) {
  const { filter, changed, chosen } = props;
  return (
    <details class="filters" open={faultOf(filter) !== undefined || undefined}>
      <summary>{t("support.filters")}{!isOpen(filter) && ` — ${t("support.filtered")}`}</summary>
      <div class="row filter">
        <MomentField id="support-from" label={t("support.from")} fault={faultOf(filter)} value={filter.from} changed={(from) => changed({ ...filter, from })} more={YEARS} />
        <MomentField id="support-to" label={t("support.to")} value={filter.to} changed={(to) => changed({ ...filter, to })} more={YEARS} />
        <Choice id="support-state" label={t("support.state")} value={filter.state} changed={(state) => changed({ ...filter, state })} of={[["", t("support.anyState")], ...messageStates.map((state) => [state, t(`messageState.${state}`)] as const)]} />
      </div>
      <div class="row" role="group" aria-label={t("support.period")}>
        {PERIODS.map(([title, period]) => (
          <button type="button" key={title} onClick={() => chosen({ ...filter, ...period() })}>{t(title)}</button>
        ))}
      </div>
      <p class="quiet">{t(isPortal ? "portal.filterHint" : "support.filterHint")}</p>
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
  return { from: millisOf(from), to: millisOf(to), state: state || null, mailings: isWithoutMailings ? false : null };
}

/** UTC ms, as the query takes them. */
function millisOf(moment: string): string | null {
  return moment ? String(Date.parse(moment)) : null;
}

/** The minute that began so long ago. */
function ago(ms: number): Date {
  return new Date(Math.floor((Date.now() - ms) / MINUTE_MS) * MINUTE_MS);
}
