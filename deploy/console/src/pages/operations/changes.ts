/** Changes of partners and applications: refused when somebody else has changed the thing meanwhile. */

import { request } from "../../api";

/** `version` is the one that was read; without it the change is made whatever there is. */
export function change<T>(method: "POST" | "PATCH" | "PUT" | "DELETE", path: string, body: object | null, version?: string): Promise<T> {
  const headers: Record<string, string> = version === undefined ? {} : { "If-Match": version };
  return request<T>(path, { method, headers, ...(body === null ? {} : { body: JSON.stringify(body) }) });
}

export function pathTo(...parts: string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}

/** A secret that an answer told, to be shown once. */
export interface Told {
  title: string;
  values: [name: string, value: string][];
}
