/** Asks for the token once, and tries it before it is kept. */

import { useState } from "preact/hooks";
import { ApiError, request } from "../api";
import { Failure } from "../parts/states";
import { signIn, type Scope } from "../session";
import { t } from "../words";

interface Me {
  name: string;
  heldScopes: Scope[];
}

export function SignIn() {
  const [value, setValue] = useState("");
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submitted = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    setError(null);
    try {
      const header = `Bearer ${value.trim()}`;
      const me = await request<Me>("/v1/me", {}, header);
      signIn(header, me.name, me.heldScopes);
    } catch (refused) {
      setError(refused);
      setAsking(false);
    }
  };
  const isWrong = error instanceof ApiError && error.status === 401;
  return (
    <form class="card sign-in" onSubmit={submitted}>
      <h1>{t("signIn.title")}</h1>
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
      <p id="token-hint" class="quiet">{t("signIn.hint")}</p>
      {isWrong ? <p class="failure" role="alert">{t("signIn.wrong")}</p> : error !== null && <Failure error={error} />}
      <button type="submit" class="main" disabled={isAsking}>{t("signIn.submit")}</button>
    </form>
  );
}
