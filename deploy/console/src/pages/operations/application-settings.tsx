/** Every setting of an application that can be changed: what it is and may, and the catalogue of subscriptions. */

import { placeOf, type Given, type Schemas } from "../../documents";
import { Edit, asNumber, changesOf, type Form } from "../../parts/edit";
import { Choice, TextField, Tick } from "../../parts/field";
import { told } from "../../parts/figures";
import { t } from "../../words";
import { identities, type Application, type Identity } from "./applications";
import { change } from "./changes";

type Variant = Application["rustoreVariant"];
type Subscription = Application["subscriptions"][number];

interface Settings {
  name: string;
  identity: Identity;
  minVersion: string;
  bundle: string;
  rustoreVariant: Variant;
  maxPushesPerS: string;
}

export function ApplicationSettings({ application, again }: { application: Application; again: () => void }) {
  const values = { application: application.applicationId };
  const before = settingsOf(application);
  return (
    <>
      <Edit
        label={t("setup.change")}
        title={told("setup.changeTitle", { what: application.applicationId })}
        values={before}
        fields={fields}
        run={(after) => patch(application, changesOf(bodyOf(before), bodyOf(after)))}
        done={again}
      />
      <Edit
        label={t("applications.catalogue")}
        title={told("applications.catalogueTitle", values)}
        text={t("applications.catalogueText")}
        values={{ kinds: application.subscriptions }}
        fields={catalogue}
        run={({ kinds }) => patch(application, { subscriptions: kinds })}
        done={again}
      />
    </>
  );
}

function patch({ applicationId, version }: Application, body: Given<Schemas["ApplicationPatch"]>): Promise<Application> {
  return change("patch", placeOf("patch", "/v1/applications/{application_id}", { application_id: applicationId }), body, version);
}

function settingsOf(application: Application): Settings {
  const { name, identity, minVersion, bundle, rustoreVariant, maxPushesPerS } = application;
  return { name, identity, minVersion: minVersion ?? "", bundle: bundle ?? "", rustoreVariant, maxPushesPerS: String(maxPushesPerS) };
}

function bodyOf(values: Settings) {
  return {
    ...values,
    name: values.name.trim(),
    minVersion: values.minVersion.trim() || null,
    bundle: values.bundle.trim() || null,
    maxPushesPerS: asNumber(values.maxPushesPerS),
  };
}

function fields({ values, set, about }: Form<Settings>) {
  const variants = ["native", "universal"] as const;
  return (
    <>
      <TextField {...about("name", t("applications.name"))} value={values.name} changed={(name) => set({ name })} />
      <Choice {...about("identity", t("applications.identity"), t("applications.identityHint"))} value={values.identity} changed={(identity) => set({ identity })} of={identities()} />
      <TextField {...about("minVersion", t("applications.minVersion"), t("applications.minVersionHint"))} value={values.minVersion} changed={(minVersion) => set({ minVersion })} more={{ autocomplete: "off" }} />
      <TextField {...about("bundle", t("applications.bundle"), t("applications.bundleHint"))} value={values.bundle} changed={(bundle) => set({ bundle })} more={{ autocomplete: "off", spellcheck: false }} />
      <Choice {...about("rustoreVariant", t("applications.rustore"))} value={values.rustoreVariant} changed={(rustoreVariant) => set({ rustoreVariant })} of={variants.map((name) => [name, t(`applications.rustore.${name}`)])} />
      <TextField {...about("maxPushesPerS", t("applications.maxPushes"))} value={values.maxPushesPerS} changed={(maxPushesPerS) => set({ maxPushesPerS })} more={{ inputMode: "numeric", autocomplete: "off" }} />
    </>
  );
}

const NEW: Subscription = { id: "", type: "setting", name: "", title: "", description: "", default: true };

function catalogue({ values: { kinds }, set, about }: Form<{ kinds: Subscription[] }>) {
  const turned = (place: number, changes: Partial<Subscription>) => set({ kinds: kinds.map((kind, known) => (known === place ? { ...kind, ...changes } : kind)) });
  const types = ["setting", "permission"] as const;
  const whole = kinds.map((kind, place) => {
    const field = (name: keyof Subscription, label: string) => about(`subscriptions[${place}].${name}`, label);
    return (
      <fieldset key={place}>
        <legend>{kind.id || told("applications.kindNumber", { number: place + 1 })}</legend>
        <div class="pair">
          <TextField {...field("id", t("applications.kindId"))} value={kind.id} changed={(id) => turned(place, { id })} more={{ autocomplete: "off" }} />
          <Choice {...field("type", t("applications.kindType"))} value={kind.type} changed={(type) => turned(place, { type })} of={types.map((name) => [name, t(`applications.kindType.${name}`)])} />
          <TextField {...field("name", t("applications.name"))} value={kind.name} changed={(name) => turned(place, { name })} />
          <TextField {...field("title", t("applications.kindTitle"))} value={kind.title} changed={(title) => turned(place, { title })} />
        </div>
        <TextField {...field("description", t("applications.kindDescription"))} value={kind.description} changed={(description) => turned(place, { description })} />
        <Tick label={t("applications.kindDefault")} value={kind.default} changed={(preset) => turned(place, { default: preset })} />
        <button type="button" onClick={() => set({ kinds: kinds.filter((_, known) => known !== place) })}>{t("applications.kindRemove")}</button>
      </fieldset>
    );
  });
  const { fault } = about("subscriptions", t("applications.subscriptions"));
  const isOfAll = fault !== undefined && !/^\[\d+\]/.test(fault); // what is wrong with one of them stands there
  return (
    <>
      {kinds.length === 0 && <p class="quiet">{t("applications.catalogueEmpty")}</p>}
      {whole}
      {isOfAll && <p class="failure">{fault}</p>}
      <button type="button" onClick={() => set({ kinds: [...kinds, NEW] })}>{t("applications.kindAdd")}</button>
    </>
  );
}
