/** The fields of a new mailing's message: title, text, picture or page, buttons. */

import { Choice, Field, TextField, Tick, described } from "../../../parts/field";
import { told } from "../../../parts/figures";
import { t } from "../../../words";
import type { Fields } from "./fields";
import { partsOf } from "../message/placeholders";

const MOST_TITLE = 80;
const MOST_TEXT = 1000;
const MOST_BUTTONS = 3;
const ACTIONS = ["open-app", "link"] as const;

export function Message(fields: Fields) {
  const { draft, set, faults } = fields;
  const text = { id: "text", label: t("mailings.text"), hint: `${lengthOf(draft.text, MOST_TEXT)} · ${t("mailings.textHint")}`, fault: faults.text };
  return (
    <section class="card">
      <h2>{t("mailings.message")}</h2>
      <TextField id="title" label={t("mailings.messageTitle")} hint={lengthOf(draft.title, MOST_TITLE)} fault={faults.title} value={draft.title} changed={(title) => set({ title })} more={{ autocomplete: "off" }} />
      <Field {...text}>
        <textarea {...described(text)} rows={4} value={draft.text} onInput={(event) => set({ text: event.currentTarget.value })} />
      </Field>
      <div class="pair">
        <TextField id="address" label={t("mailings.address")} hint={t("mailings.addressHint")} fault={faults.address} value={draft.address} changed={(address) => set({ address })} more={{ inputMode: "url", autocomplete: "off" }} />
        <Choice id="category" label={t("mailings.category")} value={draft.category} changed={(category) => set({ category })} of={[["IMAGE", t("mailings.category.IMAGE")], ["HTML", t("mailings.category.HTML")]]} />
      </div>
      <Buttons {...fields} />
      <Tick label={t("mailings.primaryOnly")} value={draft.isPrimaryOnly} changed={(isPrimaryOnly) => set({ isPrimaryOnly })} />
    </section>
  );
}

/** As the API counts before it knows the values: a placeholder is one character. */
function lengthOf(text: string, most: number): string {
  const length = partsOf(text).reduce((sum, part) => sum + (part.name === undefined ? [...part.text].length : 1), 0);
  return told("mailings.lengthOf", { length, most });
}

function Buttons({ draft, set, faults }: Fields) {
  const change = (place: number, changes: Partial<(typeof draft.buttons)[number]>) =>
    set({ buttons: draft.buttons.map((button, known) => (known === place ? { ...button, ...changes } : button)) });
  return (
    <>
      {draft.buttons.map((button, place) => (
        <fieldset key={place}>
          <legend>{told("mailings.buttonNumber", { number: place + 1 })}</legend>
          <div class="pair">
            <TextField id={`button-${place}-title`} label={t("mailings.buttonTitle")} fault={faults[`button-${place}-title`]} value={button.title} changed={(title) => change(place, { title })} />
            <Choice id={`button-${place}-action`} label={t("mailings.buttonAction")} fault={faults[`button-${place}-action`]} value={button.action === "link" ? "link" : "open-app"} changed={(action) => change(place, { action })} of={ACTIONS.map((action) => [action, t(action === "link" ? "mailings.action.link" : "mailings.action.openApp")])} />
          </div>
          <TextField
            id={`button-${place}-options`}
            label={t(button.action === "link" ? "mailings.buttonLink" : "mailings.buttonOptions")}
            fault={faults[`button-${place}-options`]}
            value={button.options ?? ""}
            changed={(options) => change(place, { options })}
          />
          <button type="button" onClick={() => set({ buttons: draft.buttons.filter((_, known) => known !== place) })}>{t("mailings.removeButton")}</button>
        </fieldset>
      ))}
      {draft.buttons.length < MOST_BUTTONS && (
        <p><button type="button" onClick={() => set({ buttons: [...draft.buttons, { title: "", action: "open-app" }] })}>{t("mailings.addButton")}</button></p>
      )}
    </>
  );
}
