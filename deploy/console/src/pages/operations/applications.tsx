/** The applications; `rest` is one of them. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Edit } from "../../parts/edit";
import { Choice, TextField } from "../../parts/field";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { useLoaded } from "../../parts/states";
import { t } from "../../words";
import { ApplicationPage } from "./application";
import { change, type Told } from "./changes";
import { Listing } from "./listing";
import { Switched } from "./partners";
import { at } from "./place";

export type Application = Schemas["ApplicationView"];
export type Identity = Application["identity"];
const IDENTITIES = ["required", "accepted", "off"] as const satisfies readonly Identity[];

export function Applications({ rest: [id] }: { rest: string[] }) {
  return id ? <ApplicationPage id={id} /> : <Listed />;
}

function Listed() {
  const [loaded, again] = useLoaded("applications", (signal) => get(place("/v1/applications"), signal));
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
        { title: t("applications.identity"), cell: (application) => t(`applications.identity.${application.identity}`) },
      ]}
    />
  );
}

interface New {
  name: string;
  applicationId: string;
  identity: Identity;
}

function Create({ done }: { done: () => void }) {
  const [shown, show] = useState<Told | null>(null);
  const created = (application: Application) => {
    show({ title: told("applications.created", { application: application.applicationId }), values: [[t("applications.application"), application.applicationId], [t("applications.apiKey"), application.apiKey ?? ""]] });
    done();
  };
  return (
    <>
      <Edit<New, Application>
        label={t("applications.add")}
        title={t("applications.addTitle")}
        text={t("applications.addText")}
        confirm={t("setup.create")}
        values={{ name: "", applicationId: "", identity: "required" }}
        run={(values) => change("post", placeOf("post", "/v1/applications"), { ...values, name: values.name.trim(), applicationId: values.applicationId.trim() || undefined })}
        done={created}
        fields={({ values, set, about }) => (
          <>
            <TextField {...about("name", t("applications.name"))} value={values.name} changed={(name) => set({ name })} />
            <TextField {...about("applicationId", t("applications.idOrDrawn"))} value={values.applicationId} changed={(applicationId) => set({ applicationId })} more={{ autocomplete: "off" }} />
            <Choice {...about("identity", t("applications.identity"))} value={values.identity} changed={(identity) => set({ identity })} of={identities()} />
          </>
        )}
      />
      {shown && <Secret {...shown} close={() => show(null)} />}
    </>
  );
}

/** How logins on devices count, in words. */
export function identities(): (readonly [Identity, string])[] {
  return IDENTITIES.map((name) => [name, t(`applications.identity.${name}`)] as const);
}
