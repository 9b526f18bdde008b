/** When a new mailing may go, how fast, and how long each push lives. */

import { Choice, Field, TextField, described, optional } from "../../../parts/field";
import { MomentField } from "../../../parts/moment-field";
import { t } from "../../../words";
import { DAYS } from "../model";
import { UNITS } from "./draft";
import type { Fields } from "./fields";
import { hintOf } from "./lifetime-faults";

/** `isOne`: of one message, which has no start and no rate. */
export function When({ draft, set, faults, offsetMin, isOne = false }: Fields & { offsetMin: number; isOne?: boolean }) {
  const offset = `UTC${offsetMin < 0 ? "−" : "+"}${Math.floor(Math.abs(offsetMin) / 60)}${offsetMin % 60 ? `:${Math.abs(offsetMin) % 60}` : ""}`;
  return (
    <section class="card">
      <h2>{t("mailings.when")}</h2>
      <Choice id="when" label={t("mailings.hours")} hint={isOne ? undefined : t("mailings.hoursHint")} value={draft.when} changed={(when) => set({ when })} of={[["now", t(isOne ? "request.atOnce" : "mailings.atOnce")], ["window", t("mailings.inWindow")]]} />
      {draft.when === "window" && (
        <>
          <div class="pair">
            <TextField id="begin" label={t("mailings.from")} fault={faults.begin} value={draft.begin} changed={(begin) => set({ begin })} more={{ type: "time" }} />
            <TextField id="end" label={t("mailings.until")} fault={faults.end} value={draft.end} changed={(end) => set({ end })} more={{ type: "time" }} />
          </div>
          <Choice id="zone" label={t("mailings.zone")} value={draft.zone} changed={(zone) => set({ zone })} of={[["recipient", t("mailings.zone.recipient")], ["partner", `${t("mailings.zone.partner")} (${offset})`]]} />
          <Days draft={draft} set={set} faults={faults} />
          <MomentField id="deadline" label={t("mailings.deadline")} hint={optional(t("mailings.deadlineHint"))} fault={faults.deadline} value={draft.deadline} changed={(deadline) => set({ deadline })} />
        </>
      )}
      <Lifetime draft={draft} set={set} faults={faults} />
      {!isOne && <TextField id="rate" label={t("mailings.rate")} hint={t("mailings.rateHint")} fault={faults.rate} value={draft.rate} changed={(rate) => set({ rate })} more={{ inputMode: "numeric" }} />}
    </section>
  );
}

function Days({ draft, set, faults }: Fields) {
  const turned = (day: string, isOn: boolean) => set({ days: DAYS.filter((known) => (known === day ? isOn : draft.days.includes(known))).join("") });
  const about = { id: "days", label: t("mailings.days"), hint: t("mailings.daysHint"), fault: faults.days };
  return (
    <Field {...about}>
      <div class="ticks" role="group" aria-label={t("mailings.days")} {...described(about)} tabIndex={-1}>
        {DAYS.map((day) => (
          <label class="tick" key={day}>
            <input type="checkbox" checked={draft.days.includes(day)} onChange={(event) => turned(day, event.currentTarget.checked)} /> {t(`mailings.day.${day}`)}
          </label>
        ))}
      </div>
    </Field>
  );
}

function Lifetime({ draft, set, faults }: Fields) {
  return (
    <div class="pair">
      <TextField id="ttl" label={t("mailings.lifetime")} hint={hintOf(draft.channel)} fault={faults.ttl} value={draft.ttl} changed={(ttl) => set({ ttl })} more={{ inputMode: "numeric" }} />
      <Choice id="ttlUnit" label={t("mailings.unit")} fault={faults.ttlUnit} value={draft.ttlUnit} changed={(ttlUnit) => set({ ttlUnit })} of={UNITS.map((name) => [name, t(`mailings.unit.${name}`)])} />
    </div>
  );
}
