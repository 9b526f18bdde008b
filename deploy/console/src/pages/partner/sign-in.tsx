/** Asks a partner for its login and password. */

import { useState } from "preact/hooks";
import { TextField } from "../../parts/field";
import { HELD_BY_PARTNERS, basic, signIn } from "../../session";
import { t } from "../../words";
import { SignInForm } from "../sign-in-form";

export function PartnerSignIn() {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  return (
    <SignInForm header={() => basic(login.trim(), password)} took={(header, me) => signIn(header, me.name, HELD_BY_PARTNERS, me.senders)} wrong={t("portal.wrong")}>
      <TextField id="login" label={t("portal.login")} value={login} changed={setLogin} more={{ required: true, autofocus: true, autocomplete: "username" }} />
      <TextField id="password" label={t("portal.password")} hint={t("portal.signInHint")} value={password} changed={setPassword} more={{ type: "password", required: true, autocomplete: "current-password" }} />
    </SignInForm>
  );
}
