/** The way to the company's login, where the platform has one, and why it led back here. */

import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { place, type Answer } from "../documents";
import { told } from "../parts/figures";
import { untilAnswered } from "../parts/until-answered";
import { SIGN_IN, place as placeHere } from "../router";
import { t, type Key } from "../words";

type Ways = Answer<"/v1/session/ways">;

/** Refusals by the word that stands in the address. */
const REFUSALS = {
  cancelled: "company.cancelled",
  refused: "company.refused",
  expired: "company.expired",
  unproved: "company.unproved",
  away: "company.away",
  misconfigured: "company.misconfigured",
  "no-groups": "company.noGroups",
  "no-role": "company.noRole",
  "no-name": "company.noName",
  disabled: "company.disabled",
  "slowed-down": "company.slowedDown",
  unavailable: "company.unavailable",
} as const satisfies Record<string, Key>;

export function CompanySignIn() {
  const [ways, know] = useState<Ways | null>(null);
  useEffect(() => untilAnswered((signal) => get(place("/v1/session/ways"), signal), know), []);
  if (!ways?.ways.includes("oidc")) return null;
  const { path, rest } = placeHere();
  const label = told("company.with", { label: ways.oidcLabel || t("company.any") });
  return (
    <div class="card">
      {path === SIGN_IN && <Refused rest={rest} />}
      <a class="button main" href={`/v1/session/oidc?place=${encodeURIComponent(path === SIGN_IN ? "" : behindHash())}`}>{label}</a>
    </div>
  );
}

/** `rest`: the word, and the claim that lacks something. Anybody can write a link, so only what looks like one is shown. */
function Refused({ rest }: { rest: string }) {
  const [reason = "", ...claim] = rest.split("/");
  const words = Object.entries(REFUSALS).find(([known]) => known === reason)?.[1];
  const shown = /^[\w.,:/ -]{1,120}$/.test(claim.join("/")) ? claim.join("/") : "—";
  return words ? <p class="failure" role="alert">{told(words, { claim: shown })}</p> : null;
}

/** As it stands there, still encoded. */
function behindHash(): string {
  return location.hash.replace(/^#\/?/, "");
}
