/** Asks an operator for name and password; and for another password, where this one was for once. */

import { useEffect, useState } from "preact/hooks";
import { ApiError, send, type FieldError } from "../api";
import { placeOf } from "../documents";
import { NewPassword, chosen, type Chosen } from "../parts/new-password";
import { TextField } from "../parts/field";
import { Failure } from "../parts/states";
import { useSubmission } from "../parts/submission";
import { signedInByCookie } from "../session";
import { t } from "../words";

export function PasswordSignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [fresh, setFresh] = useState<Chosen>({ password: "", again: "" });
  const [isForOnce, know] = useState(false);
  const run = () => Promise.resolve().then(() => send("post", placeOf("post", "/v1/session"), { name, password, ...(isForOnce ? { newPassword: chosen(fresh) } : {}) }));
  const { submitted, isRunning, error: refused } = useSubmission(run, signedInByCookie);
  const isAnotherNeeded = refused instanceof ApiError && refused.code === "password-change-needed";
  useEffect(() => document.getElementById("name")?.focus(), []); // `autofocus` counts once in a page's life, which a session may be shorter than
  useEffect(() => {
    if (isAnotherNeeded) know(true);
  }, [isAnotherNeeded]);
  const error = isAnotherNeeded ? null : refused;
  const faults: readonly FieldError[] = error instanceof ApiError ? error.fields : [];
  const fault = faults.find(({ field }) => field === "newPassword")?.rule;
  return (
    <form class="card" onSubmit={submitted}>
      <h1>{t(isForOnce ? "signIn.newTitle" : "signIn.title")}</h1>
      {isForOnce ? (
        <>
          <p>{t("signIn.forOnce")}</p>
          <input hidden type="text" autocomplete="username" value={name} readOnly />
          <NewPassword value={fresh} changed={setFresh} fault={fault} isFirst />
        </>
      ) : (
        <>
          <TextField id="name" label={t("signIn.name")} value={name} changed={setName} more={{ autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true }} />
          <TextField id="password" label={t("signIn.password")} value={password} changed={setPassword} more={{ type: "password", autocomplete: "current-password", required: true }} />
        </>
      )}
      {error !== null && fault === undefined && <Refused error={error} />}
      <button type="submit" class="main" disabled={isRunning}>{t("signIn.submit")}</button>
    </form>
  );
}

function Refused({ error }: { error: unknown }) {
  const words = error instanceof ApiError && REFUSALS[error.code];
  return words ? <p class="failure" role="alert">{t(words)}</p> : <Failure error={error} />;
}

/** Refusals that are no fault of anything, by their code. */
const REFUSALS: Record<string, "signIn.wrongPassword" | "signIn.expired"> = {
  "wrong-password": "signIn.wrongPassword",
  "password-expired": "signIn.expired",
};
