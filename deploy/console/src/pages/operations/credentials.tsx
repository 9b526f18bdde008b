/** Credentials of an application with the providers: put and replaced, switched on and off, never shown. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { objectIn, type Json } from "../../json";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { byWhom } from "../../parts/by-whom";
import { told } from "../../parts/figures";
import { Empty, Shown, useLoaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { change } from "./changes";
import { Switched } from "./partners";
import { providers, type Providers } from "./providers";

const ROUTE = "/v1/applications/{application_id}/credentials/{provider}";
type Known = Schemas["CredentialsView"];
type Provider = Known["provider"];

interface Held {
  credentials: Known[];
  providers: Providers;
}

export function Credentials({ applicationId }: { applicationId: string }) {
  const [loaded, again] = useLoaded(applicationId, async (signal): Promise<Held> => {
    const [credentials, known] = await Promise.all([get(place("/v1/applications/{application_id}/credentials", { application_id: applicationId }), signal), providers()]);
    return { credentials, providers: known };
  });
  return (
    <section class="card">
      <h2>{t("credentials.title")}</h2>
      <Shown loaded={loaded} again={again}>{(held) => <Listed applicationId={applicationId} held={held} again={again} />}</Shown>
    </section>
  );
}

function Listed({ applicationId, held, again }: { applicationId: string; held: Held; again: () => void }) {
  const missing = held.providers.names.filter((name) => !held.credentials.some((known) => known.provider === name));
  const putting = (provider: Provider, label: string, version?: string) => (
    <Put applicationId={applicationId} provider={provider} label={label} fields={held.providers.fields.get(provider) ?? ""} version={version} done={again} />
  );
  return (
    <>
      {held.credentials.length === 0 ? <Empty>{t("credentials.none")}</Empty> : (
        <Table
          label={t("credentials.title")}
          rows={held.credentials}
          id={(known) => known.provider}
          columns={[
            { title: t("credentials.provider"), cell: (known) => known.provider },
            { title: t("setup.state"), cell: (known) => <Switched isOn={known.enabled} /> },
            { title: t("credentials.fingerprint"), cell: (known) => <code>{known.fingerprint}</code> },
            { title: t("setup.changed"), cell: (known) => <Time at={known.changedAt} /> },
            { title: t("setup.by"), cell: (known) => byWhom(known.by) || "—" },
            {
              title: t("setup.actions"),
              cell: (known) => (
                <Allowed scope="operator">
                  <div class="row">{putting(known.provider, t("credentials.replace"), known.version)}<Switch known={known} done={again} /></div>
                </Allowed>
              ),
            },
          ]}
        />
      )}
      <Allowed scope="operator">
        {missing.length > 0 && (
          <>
            <h3>{t("credentials.missing")}</h3>
            <div class="row">{missing.map((name) => <div key={name}>{putting(name, told("credentials.give", { provider: name }))}</div>)}</div>
          </>
        )}
      </Allowed>
    </>
  );
}

function Switch({ known, done }: { known: Known; done: () => void }) {
  const values = { provider: known.provider, application: known.applicationId };
  return (
    <Ask
      label={t(known.enabled ? "setup.switchOff" : "setup.switchOn")}
      title={told(known.enabled ? "credentials.offTitle" : "credentials.onTitle", values)}
      text={t(known.enabled ? "credentials.offText" : "credentials.onText")}
      isDangerous={known.enabled}
      run={() => change("patch", placeOf("patch", ROUTE, { application_id: known.applicationId, provider: known.provider }), { enabled: !known.enabled }, known.version)}
      done={done}
    />
  );
}

interface Putting {
  applicationId: string;
  provider: Provider;
  label: string;
  fields: string;
  /** Of those that are replaced. */
  version: string | undefined;
  done: () => void;
}

function Put({ applicationId, provider, label, fields, version, done }: Putting) {
  const [text, setText] = useState("");
  const chosen = async (file: File | undefined) => {
    if (file) setText(await file.text());
  };
  const taken = () => {
    setText(""); // it is kept nowhere here
    done();
  };
  const run = async () => change("put", placeOf("put", ROUTE, { application_id: applicationId, provider }), record(text), version);
  const id = `credentials-${provider}`;
  return (
    <Ask label={label} title={told("credentials.putTitle", { provider, application: applicationId })} text={t(version ? "credentials.replaceText" : "credentials.putText")} confirm={t("setup.save")} isSecret run={run} done={taken}>
      <p class="quiet">{t("credentials.fields")}: {fields.replace(/\boptional\b/g, t("credentials.optional"))}</p>
      <label for={`${id}-file`}>{t("credentials.file")}</label>
      <input id={`${id}-file`} type="file" accept=".json,application/json,text/plain" onChange={(event) => chosen(event.currentTarget.files?.[0])} />
      <label for={id}>{t("credentials.text")}</label>
      <textarea id={id} class="secret-text" rows={8} required spellcheck={false} autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </Ask>
  );
}

/** Throws Error in words for whoever pasted it. */
function record(text: string): Json {
  const found = objectIn(text);
  if (found === null) throw new Error(t("credentials.noRecord"));
  return found;
}
