/** What follows where a message has not arrived, or was not read, within its lifetime: message after message. */

import { Choice, TextField } from "../../../parts/field";
import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { channelName } from "../../../parts/channel-name";
import { CHANNELS } from "../model";
import { NEW_FALLBACK, UNITS, type Fallback } from "./draft";
import type { Fields } from "./fields";
import { hintOf } from "./lifetime-faults";
import { Text } from "./message-fields";

export function Fallbacks({ preset, ...fields }: Fields & { preset: string | null }) {
  const { draft, set } = fields;
  return (
    <section class="card">
      <h2>{t("mailings.fallbacks")}</h2>
      <p class="quiet">{t("mailings.fallbacksHint")}</p>
      {draft.fallbacks.map((fallback, place) => <One key={place} {...fields} preset={preset} fallback={fallback} place={place} />)}
      <button type="button" onClick={() => set({ fallbacks: [...draft.fallbacks, { ...NEW_FALLBACK, text: draft.text }] })}>{t("mailings.addFallback")}</button>
    </section>
  );
}

function One({ draft, set, faults, preset, fallback, place }: Fields & { preset: string | null; fallback: Fallback; place: number }) {
  const change = (changes: Partial<Fallback>) => set({ fallbacks: draft.fallbacks.map((known, number) => (number === place ? { ...known, ...changes } : known)) });
  const before = draft.fallbacks[place - 1] ?? draft;
  const about = (name: string, label: string) => ({ id: `fallbacks-${place}-${name}`, label, fault: faults[`fallbacks-${place}-${name}`] });
  const states = ["DELIVERED", "READ"] as const;
  return (
    <fieldset>
      <legend>{told("mailings.fallbackNumber", { number: place + 1 })}</legend>
      <Choice
        {...about("state", told("mailings.fallbackWhen", { channel: channelName(before.channel), ttl: before.ttl || "…", unit: t(`mailings.unit.${before.ttlUnit}`) }))}
        hint={t("mailings.fallbackWhenHint")}
        value={fallback.state}
        changed={(state) => change({ state })}
        of={states.map((name) => [name, t(`mailings.fallback.${name}`)])}
      />
      <div class="pair">
        <Choice {...about("channel", t("mailings.fallbackChannel"))} value={fallback.channel} changed={(channel) => change({ channel })} of={CHANNELS.map((name) => [name, channelName(name)])} />
        <TextField {...about("sender", t("mailings.fallbackSender"))} hint={preset === null ? undefined : told("mailings.fallbackSenderHint", { name: preset })} value={fallback.sender} changed={(sender) => change({ sender })} more={{ autocomplete: "off" }} />
      </div>
      <Text id={`fallbacks-${place}-text`} channel={fallback.channel} fault={faults[`fallbacks-${place}-text`]} value={fallback.text} changed={(text) => change({ text })} />
      <div class="pair">
        <TextField {...about("ttl", t("mailings.lifetime"))} hint={hintOf(fallback.channel)} value={fallback.ttl} changed={(ttl) => change({ ttl })} more={{ inputMode: "numeric" }} />
        <Choice {...about("ttlUnit", t("mailings.unit"))} value={fallback.ttlUnit} changed={(ttlUnit) => change({ ttlUnit })} of={UNITS.map((name) => [name, t(`mailings.unit.${name}`)])} />
      </div>
      <button type="button" onClick={() => set({ fallbacks: draft.fallbacks.filter((_, known) => known !== place) })}>{t("mailings.removeButton")}</button>
    </fieldset>
  );
}
