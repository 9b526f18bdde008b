/** What can be stopped, and what there is of it to choose from. */

import { get } from "../../api";
import { place } from "../../documents";
import type { Key } from "../../words";
import { providers } from "./providers";

export const SCOPES = {
  provider: "stops.scope.provider",
  application: "stops.scope.application",
  partner: "stops.scope.partner",
  mailing: "stops.scope.mailing",
  packet: "stops.scope.packet",
} as const satisfies Record<string, Key>;

export type Scope = keyof typeof SCOPES;

/** A partner's own: named as <partner>/<id>, and cancelled if need be. */
export function isOwned(scope: Scope): boolean {
  return scope === "mailing" || scope === "packet";
}

/** Every id of the kind; null: there are too many to choose from. */
export async function targetsOf(scope: Scope): Promise<string[] | null> {
  if (scope === "provider") return (await providers()).names;
  if (scope === "partner") return (await get(place("/v1/partners"))).map(({ partnerId }) => partnerId);
  if (scope === "application") return (await get(place("/v1/applications"))).map(({ applicationId }) => applicationId);
  return null;
}
