/** The applications; `rest` is one of them. */

import { useState } from "preact/hooks";
import { request } from "../../api";
import { Ask } from "../../parts/ask";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { useLoaded } from "../../parts/states";
import { t } from "../../words";
import { ApplicationPage } from "./application";
import { change, type Told } from "./changes";
import { Listing } from "./listing";
import { Switched } from "./partners";
import { at } from "./place";

export interface Application {
  applicationId: string;
  version: string;
  changedAt: number;
  by: string;
  name: string;
  apiKey: string | null;
  apiKeys: number;
  minVersion: string | null;
  bundle: string | null;
  maxPushesPerS: number;
  enabled: boolean;
  subscriptions: { id: string }[];
  identity: string;
  identityKeys: { kid: string; alg: string; addedAt: number }[];
}

export function Applications({ rest: [id] }: { rest: string[] }) {
  return id ? <ApplicationPage id={id} /> : <Listed />;
}

function Listed() {
  const [loaded, again] = useLoaded("applications", (signal) => request<Application[]>("/v1/applications", { signal }));
  return (
    <Listing
      title={t("operations.applications")}
      none={t("applications.none")}
      loaded={loaded}
      again={again}
      id={(application) => application.applicationId}
      create={<Create done={again} />}
      columns={[
        { title: t("applications.application"), cell: (application) => <a href={at("applications", application.applicationId)}>{application.applicationId}</a> },
        { title: t("applications.name"), cell: (application) => application.name },
        { title: t("setup.state"), cell: (application) => <Switched isOn={application.enabled} /> },
        { title: t("applications.identity"), cell: (application) => application.identity },
      ]}
    />
  );
}

function Create({ done }: { done: () => void }) {
  const [name, setName] = useState("");
  const [applicationId, setId] = useState("");
  const [shown, show] = useState<Told | null>(null);
  const created = (application: Application) => {
    show({ title: told("applications.created", { application: application.applicationId }), values: [[t("applications.application"), application.applicationId], [t("applications.apiKey"), application.apiKey ?? ""]] });
    setName("");
    setId("");
    done();
  };
  return (
    <>
      <Ask
        label={t("applications.add")}
        title={t("applications.addTitle")}
        text={t("applications.addText")}
        run={() => change<Application>("POST", "/v1/applications", { name: name.trim(), ...(applicationId.trim() ? { applicationId: applicationId.trim() } : {}) })}
        done={created}
      >
        <label for="application-name">{t("applications.name")}</label>
        <input id="application-name" required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        <label for="application-id">{t("applications.idOrDrawn")}</label>
        <input id="application-id" maxLength={64} value={applicationId} onInput={(event) => setId(event.currentTarget.value)} />
      </Ask>
      {shown && <Secret {...shown} close={() => show(null)} />}
    </>
  );
}
