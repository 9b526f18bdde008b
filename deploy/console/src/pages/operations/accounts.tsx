/** The operators who sign in with a name and a password: invited, changed, given another password, switched off, deleted. */

import { useState } from "preact/hooks";
import { get, send } from "../../api";
import { placeOf, place, type Schemas } from "../../documents";
import { Ask } from "../../parts/ask";
import { StateBadge } from "../../parts/badge";
import { Edit, type Form } from "../../parts/edit";
import { TextField, Tick } from "../../parts/field";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { useLoaded } from "../../parts/states";
import { userName, type Scope } from "../../session";
import { t } from "../../words";
import type { Told } from "./changes";
import { Listing } from "./listing";

type Account = Schemas["AccountView"];
const SCOPES: readonly Scope[] = ["read", "support", "operator", "admin"];
const KINDS = { works: "good", invited: "going", expired: "bad", off: "bad" } as const;

export function Accounts() {
  const [loaded, again] = useLoaded("accounts", (signal) => get(place("/v1/accounts"), signal));
  const [shown, show] = useState<Told | null>(null);
  const invited = (account: Account) => {
    show({ title: told("accounts.invited", { name: account.name }), values: [[t("signIn.name"), account.name], [t("accounts.forOnce"), account.password ?? ""]] });
    again();
  };
  return (
    <>
      <p class="quiet">{t("accounts.about")}</p>
      <Listing
        title={t("operations.accounts")}
        none={t("accounts.none")}
        loaded={loaded}
        again={again}
        id={(account) => account.accountId}
        create={<Invite done={invited} />}
        columns={[
          { title: t("signIn.name"), cell: (account) => <span class="long">{account.name}</span> },
          { title: t("accounts.scopes"), cell: (account) => account.scopes.join(", ") },
          { title: t("setup.state"), cell: ({ state }) => <StateBadge state={state} kinds={KINDS} words={(name) => t(`accounts.state.${name}`)} /> },
        ]}
        actions={(account) => <Changes account={account} invited={invited} again={again} />}
      />
      {shown && <Secret {...shown} close={() => show(null)} />}
    </>
  );
}

interface Invited {
  name: string;
  scopes: Scope[];
}

function Invite({ done }: { done: (account: Account) => void }) {
  return (
    <Edit<Invited, Account>
      label={t("accounts.invite")}
      title={t("accounts.inviteTitle")}
      text={t("accounts.inviteText")}
      confirm={t("setup.create")}
      values={{ name: "", scopes: ["read"] }}
      run={({ name, scopes }) => send("post", placeOf("post", "/v1/accounts"), { name: name.trim(), scopes })}
      done={done}
      fields={(form) => (
        <>
          <TextField {...form.about("name", t("signIn.name"), t("accounts.nameHint"))} value={form.values.name} changed={(name) => form.set({ name })} more={{ autocomplete: "off", autocapitalize: "none" }} />
          <Scopes form={form} />
        </>
      )}
    />
  );
}

function Scopes<Values extends { scopes: Scope[] }>({ form: { values, set, about } }: { form: Form<Values> }) {
  const { fault } = about("scopes", t("accounts.scopes"));
  const ticked = (scope: Scope, isTicked: boolean) => set({ scopes: SCOPES.filter((known) => (known === scope ? isTicked : values.scopes.includes(known))) } as Partial<Values>);
  return (
    <fieldset>
      <legend>{t("accounts.scopes")}</legend>
      {SCOPES.map((scope) => <Tick key={scope} label={`${scope}: ${t(`accounts.scope.${scope}`)}`} value={values.scopes.includes(scope)} changed={(isTicked) => ticked(scope, isTicked)} />)}
      {fault && <p class="failure">{fault}</p>}
    </fieldset>
  );
}

function Changes({ account, invited, again }: { account: Account; invited: (account: Account) => void; again: () => void }) {
  const id = { account_id: account.accountId };
  const version = { headers: { "If-Match": account.version } };
  const patched = (changes: { scopes?: Scope[]; enabled?: boolean }) => send("patch", placeOf("patch", "/v1/accounts/{account_id}", id), changes, version);
  const named = { name: account.name };
  const isOff = account.state === "off";
  const isOurs = !account.accountId.startsWith("oidc-"); // of the others the company's login says what they may do
  return (
    <div class="row">
      {isOurs && (
        <Edit
          label={t("accounts.change")}
          title={told("accounts.changeTitle", named)}
          values={{ scopes: account.scopes }}
          run={({ scopes }) => patched({ scopes })}
          done={again}
          fields={(form) => <Scopes form={form} />}
        />
      )}
      {isOurs && !isOff && account.name !== userName() && <Ask label={t("accounts.reset")} title={told("accounts.resetTitle", named)} text={t("accounts.resetText")} isDangerous run={() => send("post", placeOf("post", "/v1/accounts/{account_id}/password", id), undefined)} done={invited} />}
      <Ask
        label={t(isOff ? "accounts.switchOn" : "accounts.switchOff")}
        title={told(isOff ? "accounts.switchOnTitle" : "accounts.switchOffTitle", named)}
        text={t(isOff ? "accounts.switchOnText" : "accounts.switchOffText")}
        isDangerous={!isOff}
        run={() => patched({ enabled: isOff })}
        done={again}
      />
      <Ask
        label={t("accounts.remove")}
        title={told("accounts.removeTitle", named)}
        text={t(isOurs ? "accounts.removeText" : "accounts.removeOfLogin")}
        isDangerous
        run={() => send("delete", placeOf("delete", "/v1/accounts/{account_id}", id), undefined, version)}
        done={again}
      />
    </div>
  );
}
