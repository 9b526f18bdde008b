/** Asks an operator who it is: at the company's login, by name and password, or by a token, for whoever wants one in this tab. */

import { useState } from "preact/hooks";
import { hasEnded } from "../session";
import { t } from "../words";
import { CompanySignIn } from "./sign-in-company";
import { PasswordSignIn } from "./sign-in-password";
import { TokenSignIn } from "./sign-in-token";

export function SignIn() {
  const [isByToken, choose] = useState(false);
  return (
    <div class="sign-in">
      {hasEnded() && <p class="card" role="status">{t("signIn.ended")}</p>}
      <CompanySignIn />
      {isByToken ? <TokenSignIn /> : <PasswordSignIn />}
      <p><button type="button" class="link" onClick={() => choose(!isByToken)}>{t(isByToken ? "signIn.byPassword" : "signIn.byToken")}</button></p>
    </div>
  );
}
