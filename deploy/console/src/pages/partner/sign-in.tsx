/** Asks a partner for its login and password once, and tries them before they are kept. */

import { useState } from "preact/hooks";
import { ApiError, request } from "../../api";
import { TextField } from "../../parts/field";
import { Failure } from "../../parts/states";
import { HELD_BY_PARTNERS, basic, signIn, type OwnSender } from "../../session";
import { t } from "../../words";

interface Me {
  name: string;
  senders: OwnSender[];
}

export function PartnerSignIn() {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submitted = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    setError(null);
    const header = basic(login.trim(), password);
    try {
      const me = await request<Me>("/v1/me", {}, header);
      signIn(header, me.name, HELD_BY_PARTNERS, me.senders);
    } catch (refused) {
      setError(refused);
      setAsking(false);
    }
  };
  const isWrong = error instanceof ApiError && error.status === 401;
  return (
    <form class="card sign-in" onSubmit={submitted}>
      <h1>{t("signIn.title")}</h1>
      <TextField id="login" label={t("portal.login")} value={login} changed={setLogin} more={{ required: true, autofocus: true, autocomplete: "username" }} />
      <TextField id="password" label={t("portal.password")} hint={t("portal.signInHint")} value={password} changed={setPassword} more={{ type: "password", required: true, autocomplete: "current-password" }} />
      {isWrong ? <p class="failure" role="alert">{t("portal.wrong")}</p> : error !== null && <Failure error={error} />}
      <button type="submit" class="main" disabled={isAsking}>{t("signIn.submit")}</button>
    </form>
  );
}
