/** Asks once for what somebody proves to be by, and tries it before it is kept. */

import type { ComponentChildren } from "preact";
import { ApiError, request } from "../api";
import type { Answer } from "../documents";
import { Failure } from "../parts/states";
import { useSubmission } from "../parts/submission";
import { t } from "../words";

export interface Proof {
  /** The header that is tried, by what stands in the fields. */
  header: () => string;
  took: (header: string, me: Answer<"/v1/me">) => void;
  /** What is said where it is wrong. */
  wrong: string;
  children: ComponentChildren;
}

export function SignInForm({ header, took, wrong, children }: Proof) {
  const run = async () => {
    const tried = header();
    return { tried, me: await request<Answer<"/v1/me">>("/v1/me", {}, tried) };
  };
  const { submitted, isRunning, error } = useSubmission(run, ({ tried, me }) => took(tried, me));
  const isWrong = error instanceof ApiError && error.status === 401;
  return (
    <form class="card sign-in" onSubmit={submitted}>
      <h1>{t("signIn.title")}</h1>
      {children}
      {isWrong ? <p class="failure" role="alert">{wrong}</p> : error !== null && <Failure error={error} />}
      <button type="submit" class="main" disabled={isRunning}>{t("signIn.submit")}</button>
    </form>
  );
}
