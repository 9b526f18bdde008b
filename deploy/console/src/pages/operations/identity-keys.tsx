/** The keys that proofs of login are verified with: added, and ended. A secret goes in, and never comes out again. */

import { useState } from "preact/hooks";
import { placeOf, type Given, type Schemas } from "../../documents";
import { objectIn, type Json } from "../../json";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { Edit, type Form } from "../../parts/edit";
import { Choice, Field, TextField, described } from "../../parts/field";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { Empty } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { ApiError } from "../../api";
import { t } from "../../words";
import type { Application } from "./applications";
import { change, type Told } from "./changes";

type IdentityKey = Application["identityKeys"][number];

const ROUTE = "/v1/applications/{application_id}/identity-keys";
const KINDS = ["pem", "jwks", "secret", "drawn"] as const;

interface New {
  kind: (typeof KINDS)[number];
  kid: string;
  pem: string;
  jwks: string;
  secret: string;
}

const EMPTY: New = { kind: "pem", kid: "", pem: "", jwks: "", secret: "" };

export function IdentityKeys({ application, again }: { application: Application; again: () => void }) {
  const [shown, show] = useState<Told | null>(null);
  const { applicationId, identityKeys, version } = application;
  const about = { application_id: applicationId };
  const added = ({ secret }: Application) => {
    if (secret === null) again();
    else show({ title: told("identityKeys.drawn", { application: applicationId }), values: [[t("identityKeys.secret"), secret]] });
  };
  const closed = () => {
    show(null);
    again(); // not before: it would take the secret away
  };
  const end = (key: IdentityKey) => (
    <Ask
      label={t("identityKeys.end")}
      title={told("identityKeys.endTitle", { kid: named(key), application: applicationId })}
      text={t("identityKeys.endText")}
      isDangerous
      run={() => change("delete", placeOf("delete", ROUTE, about, { kid: key.kid }), undefined, version)}
      done={again}
    />
  );
  return (
    <section class="card">
      <div class="row between">
        <h2>{t("applications.identityKeys")}</h2>
        <Allowed scope="operator">
          <Edit label={t("identityKeys.add")} title={told("identityKeys.addTitle", { application: applicationId })} text={t("identityKeys.addText")} confirm={t("identityKeys.give")} secrets={["pem", "jwks", "secret"]} values={EMPTY} fields={fields} run={(values) => change("post", placeOf("post", ROUTE, about), bodyOf(values), version)} done={added} />
        </Allowed>
      </div>
      {identityKeys.length === 0 ? <Empty>{t("identityKeys.none")}</Empty> : (
        <Table
          label={t("applications.identityKeys")}
          rows={identityKeys}
          id={(key) => `${key.kid} ${key.alg}`}
          columns={[
            { title: "kid", cell: (key) => key.kid || "—" },
            { title: t("identityKeys.algorithm"), cell: (key) => key.alg },
            { title: t("identityKeys.added"), cell: (key) => <Time at={key.addedAt} /> },
            { title: t("identityKeys.public"), cell: (key) => key.public === null ? t("identityKeys.isSecret") : <details><summary>PEM</summary><pre tabIndex={0}>{key.public}</pre></details> },
            { title: t("setup.actions"), cell: (key) => <Allowed scope="operator">{end(key)}</Allowed> },
          ]}
        />
      )}
      {shown && <Secret {...shown} close={closed} />}
    </section>
  );
}

function named({ kid, alg }: IdentityKey): string {
  return kid || alg;
}

/** Throws Error in words for whoever pasted a JWKS that is none. */
function bodyOf({ kind, kid, pem, jwks, secret }: New): Given<Schemas["IdentityKeyBody"]> {
  const about = kid.trim() ? { kid: kid.trim() } : {};
  if (kind === "pem") return { ...about, pem };
  if (kind === "jwks") return { ...about, jwks: parsed(jwks) };
  return { ...about, secret: kind === "drawn" ? "" : secret };
}

function parsed(text: string): Json {
  const found = objectIn(text);
  if (found === null) throw new ApiError(0, "", t("credentials.noRecord"), [{ field: "jwks", rule: t("credentials.noRecord") }]);
  return found;
}

function fields({ values, set, about }: Form<New>) {
  const area = (name: "pem" | "jwks", label: string) => {
    const props = about(name, label);
    return (
      <Field {...props}>
        <textarea {...described(props)} rows={8} spellcheck={false} autocomplete="off" value={values[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} />
      </Field>
    );
  };
  return (
    <>
      <Choice {...about("kind", t("identityKeys.kind"))} value={values.kind} changed={(kind) => set({ kind })} of={KINDS.map((kind) => [kind, t(`identityKeys.kind.${kind}`)])} />
      {values.kind !== "jwks" && <TextField {...about("kid", "kid", t("identityKeys.kidHint"))} value={values.kid} changed={(kid) => set({ kid })} more={{ autocomplete: "off" }} />}
      {values.kind === "pem" && area("pem", "PEM")}
      {values.kind === "jwks" && area("jwks", "JWKS")}
      {values.kind === "secret" && <TextField {...about("secret", t("identityKeys.secret"))} value={values.secret} changed={(secret) => set({ secret })} more={{ type: "password", autocomplete: "new-password" }} />}
    </>
  );
}
