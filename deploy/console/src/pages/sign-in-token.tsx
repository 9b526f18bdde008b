/** Asks an operator for the token. */

import { useState } from "preact/hooks";
import { signIn } from "../session";
import { t } from "../words";
import { SignInForm } from "./sign-in-form";

export function TokenSignIn() {
  const [value, setValue] = useState("");
  return (
    <SignInForm header={() => `Bearer ${value.trim()}`} took={(header, me) => signIn(header, me.name, me.heldScopes ?? [])} wrong={t("signIn.wrong")}>
      <label for="token">{t("signIn.token")}</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        required
        autofocus
        aria-describedby="token-hint"
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
      />
      <p id="token-hint" class="quiet">{t("signIn.hint")} <code class="nowrap">rpns operators add NAME --scope support</code></p>
    </SignInForm>
  );
}
