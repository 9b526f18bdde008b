/** The fields of a new mailing's message: what it goes over; title, text, picture or page, buttons of a push. */

import { Choice, Field, TextField, Tick, described, optional } from "../../../parts/field";
import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { channelName } from "../../../parts/channel-name";
import { partsOf } from "../message/placeholders";
import { CHANNELS, type Channel } from "../model";
import type { Fields } from "./fields";

const MOST_TITLE = 80;
const MOST_TEXT: Partial<Record<Channel, number>> = { PUSH: 1000, SMS: 2000 };
const CATEGORIES = ["IMAGE", "HTML"] as const;
const MOST_BUTTONS = 3;
const ACTIONS = ["open-app", "link"] as const;

/** `isPlain`: nothing is filled into its texts. */
export function Message({ isPlain = false, ...fields }: Fields & { isPlain?: boolean }) {
  const { draft, set, faults } = fields;
  const isPush = draft.channel === "PUSH";
  return (
    <section class="card">
      <h2>{t("mailings.message")}</h2>
      {!isPlain && <Choice id="channel" label={t("mailings.channel")} fault={faults.channel} value={draft.channel} changed={(channel) => set({ channel })} of={CHANNELS.map((name) => [name, channelName(name)])} />}
      {isPush && <TextField id="title" label={t("mailings.messageTitle")} hint={optional((isPlain ? plainLengthOf : lengthOf)(draft.title, MOST_TITLE))} fault={faults.title} value={draft.title} changed={(title) => set({ title })} more={{ autocomplete: "off" }} />}
      <Text id="text" channel={draft.channel} isPlain={isPlain} fault={faults.text} value={draft.text} changed={(text) => set({ text })} />
      {isPush && (
        <>
          <div class="pair">
            <TextField id="address" label={t("mailings.address")} hint={optional(t("mailings.addressHint"))} fault={faults.address} value={draft.address} changed={(address) => set({ address })} more={{ inputMode: "url", autocomplete: "off" }} />
            <Choice id="category" label={t("mailings.category")} value={draft.category} changed={(category) => set({ category })} of={CATEGORIES.map((name) => [name, t(`mailings.category.${name}`)])} />
          </div>
          <Buttons {...fields} />
          <Tick label={t("mailings.primaryOnly")} value={draft.isPrimaryOnly} changed={(isPrimaryOnly) => set({ isPrimaryOnly })} />
          {!isPlain && <Secure {...fields} />}
          {!isPlain && <Rich {...fields} />}
        </>
      )}
    </section>
  );
}

/** The text of a message, with how long it may be where that is known. */
export function Text({ id, channel, isPlain = false, fault, value, changed }: { id: string; channel: Channel; isPlain?: boolean; fault: string | undefined; value: string; changed: (text: string) => void }) {
  const most = MOST_TEXT[channel];
  const length = most === undefined ? "" : `${lengthOf(value, most)} · `;
  const plain = most === undefined ? undefined : plainLengthOf(value, most);
  const about = { id, label: t("mailings.text"), hint: isPlain ? plain : `${length}${t(channel === "SMS" ? "mailings.textHintSms" : "mailings.textHint")}`, fault };
  return (
    <Field {...about}>
      <textarea {...described(about)} rows={4} value={value} onInput={(event) => changed(event.currentTarget.value)} />
    </Field>
  );
}

/** As the API counts before it knows the values: a placeholder is one character. */
function lengthOf(text: string, most: number): string {
  const length = partsOf(text).reduce((sum, part) => sum + (part.name === undefined ? [...part.text].length : 1), 0);
  return told("mailings.lengthOf", { length, most });
}

function plainLengthOf(text: string, most: number): string {
  return told("mailings.lengthOf", { length: [...text].length, most });
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
            <TextField id={`buttons-${place}-title`} label={t("mailings.buttonTitle")} fault={faults[`buttons-${place}-title`]} value={button.title} changed={(title) => change(place, { title })} />
            <Choice id={`buttons-${place}-action`} label={t("mailings.buttonAction")} fault={faults[`buttons-${place}-action`]} value={button.action === "link" ? "link" : "open-app"} changed={(action) => change(place, { action })} of={ACTIONS.map((action) => [action, t(action === "link" ? "mailings.action.link" : "mailings.action.openApp")])} />
          </div>
          <TextField
            id={`buttons-${place}-options`}
            label={t(button.action === "link" ? "mailings.buttonLink" : "mailings.buttonOptions")}
            fault={faults[`buttons-${place}-options`]}
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

/** Values that pass no provider: the phone fetches them, and fills them in where the text says %name%. */
function Secure({ draft, set, faults }: Fields) {
  const change = (place: number, changes: Partial<(typeof draft.secure)[number]>) =>
    set({ secure: draft.secure.map((value, known) => (known === place ? { ...value, ...changes } : value)) });
  return (
    <fieldset>
      <legend>{t("mailings.secure")}</legend>
      <p class="quiet">{t("mailings.secureHint")}</p>
      {draft.secure.map(({ name, value }, place) => (
        <div class="row filter" key={place}>
          <TextField id={`secure-${place}-name`} label={t("mailings.secureName")} value={name} changed={(typed) => change(place, { name: typed })} more={{ autocomplete: "off" }} />
          <TextField id={`secure-${place}-value`} label={t("mailings.secureValue")} value={value} changed={(typed) => change(place, { value: typed })} more={{ autocomplete: "off" }} />
          <button type="button" onClick={() => set({ secure: draft.secure.filter((_, known) => known !== place) })}>{t("mailings.removeButton")}</button>
        </div>
      ))}
      {faults.secure && <p class="failure" role="alert">{faults.secure}</p>}
      <button type="button" onClick={() => set({ secure: [...draft.secure, { name: "", value: "" }] })}>{t("mailings.addSecure")}</button>
    </fieldset>
  );
}

/** What replaces the push once the phone has fetched it. */
function Rich({ draft, set, faults }: Fields) {
  const { rich } = draft;
  const isOpen = Object.values({ ...rich, category: "" }).some(Boolean);
  const change = (changes: Partial<typeof rich>) => set({ rich: { ...rich, ...changes } });
  return (
    <details open={isOpen}>
      <summary>{t("mailings.rich")}</summary>
      <p class="quiet">{t("mailings.richHint")}</p>
      <TextField id="rich-title" label={t("mailings.richTitle")} fault={faults["rich-title"]} value={rich.title} changed={(title) => change({ title })} more={{ autocomplete: "off" }} />
      <TextField id="rich-text" label={t("mailings.richText")} fault={faults["rich-text"]} value={rich.text} changed={(text) => change({ text })} more={{ autocomplete: "off" }} />
      <div class="pair">
        <TextField id="rich-address" label={t("mailings.richAddress")} hint={t("mailings.addressHint")} fault={faults["rich-address"]} value={rich.address} changed={(address) => change({ address })} more={{ inputMode: "url", autocomplete: "off" }} />
        <Choice id="rich-category" label={t("mailings.richCategory")} value={rich.category} changed={(category) => change({ category })} of={CATEGORIES.map((name) => [name, t(`mailings.category.${name}`)])} />
      </div>
    </details>
  );
}
