/** Every setting of a partner that can be changed, in two forms: what it is and may, and how long its messages live. */

import { placeOf, type Given, type Schemas } from "../../documents";
import { channelName } from "../../parts/channel-name";
import { Edit, asNumber, changesOf, type Form } from "../../parts/edit";
import { Choice, TextField, Tick } from "../../parts/field";
import { told } from "../../parts/figures";
import { t } from "../../words";
import { CHANNELS, type Channel } from "../mailings/model";
import { UNITS, type Unit } from "../mailings/new/draft";
import { change } from "./changes";
import type { Partner } from "./partners";

interface Settings {
  login: string;
  reportUrl: string;
  defaultSender: string;
  subnets: string;
  maxRatePerS: string;
  maxConnections: string;
  utcOffsetMin: string;
  planningHorizonDays: string;
  batchChannel: Channel;
  rejectDuplicates: boolean;
  linkShortener: boolean;
}

export function PartnerSettings({ partner, again }: { partner: Partner; again: () => void }) {
  const before = settingsOf(partner);
  return (
    <>
      <Edit
        label={t("setup.change")}
        title={told("setup.changeTitle", { what: partner.partnerId })}
        values={before}
        fields={fields}
        run={(values) => patch(partner, changesOf(bodyOf(before), bodyOf(values)))}
        done={again}
      />
      <Lifetimes partner={partner} again={again} />
    </>
  );
}

function patch({ partnerId, version }: Partner, body: Given<Schemas["PartnerPatch"]>): Promise<Partner> {
  return change("patch", placeOf("patch", "/v1/partners/{partner_id}", { partner_id: partnerId }), body, version);
}

function settingsOf(partner: Partner): Settings {
  return {
    login: partner.login,
    reportUrl: partner.reportUrl ?? "",
    defaultSender: partner.defaultSender ?? "",
    subnets: partner.subnets.join("\n"),
    maxRatePerS: String(partner.maxRatePerS),
    maxConnections: String(partner.maxConnections),
    utcOffsetMin: String(partner.utcOffsetMin),
    planningHorizonDays: String(partner.planningHorizonDays),
    batchChannel: partner.batchChannel,
    rejectDuplicates: partner.rejectDuplicates,
    linkShortener: partner.linkShortener,
  };
}

function bodyOf(values: Settings) {
  return {
    ...values,
    login: values.login.trim(),
    reportUrl: values.reportUrl.trim() || null,
    defaultSender: values.defaultSender.trim() || null,
    subnets: values.subnets.split(/[\s,]+/).filter(Boolean),
    maxRatePerS: asNumber(values.maxRatePerS),
    maxConnections: asNumber(values.maxConnections),
    utcOffsetMin: asNumber(values.utcOffsetMin),
    planningHorizonDays: asNumber(values.planningHorizonDays),
  };
}

function fields({ values, set, about }: Form<Settings>) {
  const whole = { inputMode: "numeric", autocomplete: "off" } as const;
  return (
    <>
      <TextField {...about("login", t("partners.login"))} value={values.login} changed={(login) => set({ login })} more={{ autocomplete: "off" }} />
      <TextField {...about("reportUrl", t("partners.reportUrl"), t("partners.reportUrlHint"))} value={values.reportUrl} changed={(reportUrl) => set({ reportUrl })} more={{ type: "url", autocomplete: "off" }} />
      <TextField {...about("defaultSender", t("partners.defaultSender"), t("partners.defaultSenderHint"))} value={values.defaultSender} changed={(defaultSender) => set({ defaultSender })} more={{ autocomplete: "off" }} />
      <TextField {...about("subnets", t("partners.subnets"), t("partners.subnetsHint"))} value={values.subnets} changed={(subnets) => set({ subnets })} more={{ placeholder: t("partners.anywhere"), autocomplete: "off" }} />
      <div class="pair">
        <TextField {...about("maxRatePerS", t("partners.maxRate"))} value={values.maxRatePerS} changed={(maxRatePerS) => set({ maxRatePerS })} more={whole} />
        <TextField {...about("maxConnections", t("partners.maxConnections"))} value={values.maxConnections} changed={(maxConnections) => set({ maxConnections })} more={whole} />
        <TextField {...about("utcOffsetMin", t("partners.utcOffset"), t("partners.utcOffsetHint"))} value={values.utcOffsetMin} changed={(utcOffsetMin) => set({ utcOffsetMin })} more={{ autocomplete: "off" }} />
        <TextField {...about("planningHorizonDays", t("partners.horizon"), t("partners.horizonHint"))} value={values.planningHorizonDays} changed={(planningHorizonDays) => set({ planningHorizonDays })} more={whole} />
      </div>
      <Choice {...about("batchChannel", t("partners.batchChannel"), t("partners.batchChannelHint"))} value={values.batchChannel} changed={(batchChannel) => set({ batchChannel })} of={CHANNELS.map((name) => [name, channelName(name)])} />
      <Tick label={t("partners.rejectDuplicates")} value={values.rejectDuplicates} changed={(rejectDuplicates) => set({ rejectDuplicates })} />
      <Tick label={t("partners.linkShortener")} value={values.linkShortener} changed={(linkShortener) => set({ linkShortener })} />
    </>
  );
}

interface Lifetime {
  seconds: string;
  unit: Unit | "";
}

type Lives = Record<string, Lifetime>;

/** Of messages that say nothing themselves. */
function Lifetimes({ partner, again }: { partner: Partner; again: () => void }) {
  const lives: Lives = Object.fromEntries(
    CHANNELS.map((name) => [name, { seconds: String(partner.defaultTtlS[name] ?? ""), unit: partner.defaultTtlUnit[name] ?? "" }]),
  );
  const body = (values: Lives) => ({
    defaultTtlS: given(values, ({ seconds }) => (seconds.trim() ? asNumber(seconds) : null)),
    defaultTtlUnit: given(values, ({ unit }) => unit || null),
  });
  return (
    <Edit
      label={t("partners.lifetimes")}
      title={told("partners.lifetimesTitle", { partner: partner.partnerId })}
      text={t("partners.lifetimesText")}
      values={lives}
      fields={lifetimeFields}
      run={(values) => patch(partner, changesOf(body(lives), body(values)))}
      done={again}
    />
  );
}

function given<Value>(lives: Lives, pick: (lifetime: Lifetime) => Value | null): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const [name, lifetime] of Object.entries(lives)) {
    const value = pick(lifetime);
    if (value !== null) found[name] = value;
  }
  return found;
}

function lifetimeFields({ values, set, about }: Form<Lives>) {
  return CHANNELS.map((name) => {
    const lifetime = values[name] ?? { seconds: "", unit: "" };
    return (
      <div class="pair" key={name}>
        <TextField {...about(`defaultTtlS.${name}`, told("partners.lifetimeOf", { channel: channelName(name) }))} value={lifetime.seconds} changed={(seconds) => set({ [name]: { ...lifetime, seconds } })} more={{ inputMode: "numeric", autocomplete: "off" }} />
        <Choice
          {...about(`defaultTtlUnit.${name}`, told("partners.unitOf", { channel: channelName(name) }))}
          value={lifetime.unit}
          changed={(unit) => set({ [name]: { ...lifetime, unit } })}
          of={[["", t("partners.unitPreset")], ...UNITS.map((unit) => [unit, t(`mailings.unit.${unit}`)] as const)]}
        />
      </div>
    );
  });
}
