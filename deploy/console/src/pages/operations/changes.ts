/** Changes of partners and applications: refused when somebody else has changed the thing meanwhile. */

import { send } from "../../api";
import type { Answer, Body, Given, Method, Place, With } from "../../documents";

/** `version` is the one that was read; without it the change is made whatever there is. */
export function change<M extends Exclude<Method, "get">, P extends With<M>>(method: M, at: Place<P, M>, body: Given<Body<P, M>>, version?: string): Promise<Answer<P, M>> {
  return send(method, at, body, version === undefined ? {} : { headers: { "If-Match": version } });
}

/** A secret that an answer told, to be shown once. */
export interface Told {
  title: string;
  values: [name: string, value: string][];
}
