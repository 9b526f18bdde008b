/** One application: what is set, its API keys, its credentials with the providers. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, placeOf } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { byWhom } from "../../parts/by-whom";
import { Facts } from "../../parts/facts";
import { Tick } from "../../parts/field";
import { number, told } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { Secret } from "../../parts/secret";
import { Shown, useLoaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { ApplicationSettings } from "./application-settings";
import type { Application } from "./applications";
import { Broadcasts } from "./broadcasts";
import { change, type Told } from "./changes";
import { Credentials } from "./credentials";
import { IdentityKeys } from "./identity-keys";
import { Switched } from "./partners";
import { at } from "./place";

export function ApplicationPage({ id }: { id: string }) {
  const [loaded, again] = useLoaded(id, (signal) => get(place("/v1/applications/{application_id}", { application_id: id }), signal));
  return (
    <>
      <p><a href={at("applications")}>{t("applications.back")}</a></p>
      <Shown loaded={loaded} again={again}>
        {(application) => (
          <>
            <About application={application} again={again} />
            <ApiKeys application={application} again={again} />
            <IdentityKeys application={application} again={again} />
            <Credentials applicationId={id} />
            <Broadcasts applicationId={id} />
          </>
        )}
      </Shown>
    </>
  );
}

function About({ application, again }: { application: Application; again: () => void }) {
  return (
    <section class="card">
      <h2>{application.name} <Switched isOn={application.enabled} /></h2>
      <Facts
        facts={[
          [t("applications.application"), application.applicationId],
          [t("applications.identity"), t(`applications.identity.${application.identity}`)],
          [t("applications.bundle"), application.bundle],
          [t("applications.rustore"), t(`applications.rustore.${application.rustoreVariant === "universal" ? "universal" : "native"}`)],
          [t("applications.minVersion"), application.minVersion],
          [t("applications.maxPushes"), number(application.maxPushesPerS)],
          [t("applications.subscriptions"), application.subscriptions.map(({ id }) => id).join(", ")],
          [t("setup.changed"), <><Time at={application.changedAt} />{application.by && `, ${byWhom(application.by)}`}</>],
        ]}
      />
      <Allowed scope="operator">
        <div class="row">
          <ApplicationSettings application={application} again={again} />
          <Ask
            label={t(application.enabled ? "setup.switchOff" : "setup.switchOn")}
            title={told(application.enabled ? "applications.offTitle" : "applications.onTitle", { application: application.applicationId })}
            text={t(application.enabled ? "applications.offText" : "applications.onText")}
            isDangerous={application.enabled}
            run={() => change("patch", placeOf("patch", "/v1/applications/{application_id}", { application_id: application.applicationId }), { enabled: !application.enabled }, application.version)}
            done={again}
          />
        </div>
      </Allowed>
    </section>
  );
}

function ApiKeys({ application, again }: { application: Application; again: () => void }) {
  const [keepOld, setKeepOld] = useKept(formHere("keep-old"), true);
  const [shown, show] = useState<Told | null>(null);
  const about = { application_id: application.applicationId };
  const values = { application: application.applicationId };
  const closed = () => {
    show(null);
    again(); // not before: it would take the key away
  };
  return (
    <section class="card">
      <h2>{t("applications.apiKeys")}</h2>
      <Facts facts={[[t("applications.working"), application.apiKeys]]} />
      <Allowed scope="operator">
        <div class="row">
          <Ask
            label={t("applications.newKey")}
            title={told("applications.newKeyTitle", values)}
            text={t("applications.newKeyText")}
            isDangerous={!keepOld}
            run={() => change("post", placeOf("post", "/v1/applications/{application_id}/api-keys", about), { keepOld }, application.version)}
            done={({ apiKey }) => show({ title: `${t("applications.apiKey")}: ${application.applicationId}`, values: [[t("applications.apiKey"), apiKey ?? ""]] })}
          >
            <Tick label={t("applications.keepOld")} value={keepOld} changed={setKeepOld} />
          </Ask>
          {application.apiKeys > 1 && (
            <Ask label={t("applications.dropOld")} title={told("applications.dropOldTitle", values)} text={t("applications.dropOldText")} isDangerous run={() => change("delete", placeOf("delete", "/v1/applications/{application_id}/api-keys/old", about), undefined, application.version)} done={again} />
          )}
        </div>
      </Allowed>
      {shown && <Secret {...shown} close={closed} />}
    </section>
  );
}
