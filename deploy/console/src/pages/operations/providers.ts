/** The providers, and which fields their credentials have: as the registry's own description of its API tells. */

import { request } from "../../api";
import type { Schemas } from "../../documents";

type Provider = Schemas["CredentialsView"]["provider"];

interface Document {
  paths: Record<string, { put?: { description?: string; parameters?: { name: string; schema: { enum?: Provider[] } }[] } }>;
}

export interface Providers {
  names: Provider[];
  /** The fields of the credentials, by provider. */
  fields: Map<string, string>;
}

const ROUTE = "/v1/applications/{application_id}/credentials/{provider}";
let asked: Promise<Providers> | null = null;

/** Asked once, since it changes with a release only. */
export function providers(): Promise<Providers> {
  asked ??= read().catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

async function read(): Promise<Providers> {
  const document = await request<Document>("/docs/registry/openapi.json");
  const put = document.paths[ROUTE]?.put;
  const names = put?.parameters?.find(({ name }) => name === "provider")?.schema.enum ?? [];
  const parts = (put?.description ?? "").replace(/^[^:]*: /, "").split("; ");
  return { names, fields: new Map(parts.map((part) => [part.split(" ", 1)[0] ?? "", part.replace(/^\S+ /, "")])) };
}
