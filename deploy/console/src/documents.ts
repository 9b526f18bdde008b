/** The operators' API as its own documents describe it: what each route takes and answers. The build makes the types anew. */

import { withQuery, type Query } from "./api";
import type { components as Ingest, paths as IngestPaths } from "../dist/documents/ingest";
import type { components as Registry, paths as RegistryPaths } from "../dist/documents/registry";
import type { components as Status, paths as StatusPaths } from "../dist/documents/status";

type Paths = IngestPaths & RegistryPaths & StatusPaths;
export type Schemas = Ingest["schemas"] & Registry["schemas"] & Status["schemas"];
export type Method = "get" | "put" | "post" | "patch" | "delete";
/** A path as the documents write it: `/v1/messages/{any_id}`. */
export type Template = keyof Paths;

type Operation<P extends Template, M extends Method> = M extends keyof Paths[P] ? NonNullable<Paths[P][M]> : never;
/** The paths that have a method. */
export type With<M extends Method> = { [P in Template]: [Operation<P, M>] extends [never] ? never : P }[Template];
type Parameters<P extends Template, M extends Method> = Operation<P, M> extends { parameters: infer Found } ? Found : never;
type Json<Found> = Found extends { content: { "application/json": infer Body } } ? Body : undefined;

/** What a route answers where it succeeds: its JSON, undefined for an empty answer. */
export type Answer<P extends Template, M extends Method = "get"> =
  Operation<P, M> extends { responses: infer Found } ? Json<Found[keyof Found & (200 | 201 | 202 | 204)]> : never;

/** What it takes: undefined where that is nothing. */
export type Body<P extends Template, M extends Method> =
  Operation<P, M> extends { requestBody: infer Found } ? Json<Found> : undefined;

/** What was typed where a number belongs, and is none: it goes as it is, so that the platform says what it must be. */
export type NoNumber = string & { readonly isTyped: true };

/** A body as forms make it: JSON leaves out what is undefined. */
export type Given<T> = T extends number
  ? T | NoNumber
  : T extends readonly (infer Item)[]
    ? Given<Item>[]
    : T extends object
      ? { [Name in keyof T]: {} extends Pick<T, Name> ? Given<T[Name]> | undefined : Given<T[Name]> }
      : T;

type PathValues<P extends Template, M extends Method> = Parameters<P, M> extends { path: infer Found } ? Found : undefined;
type QueryValues<P extends Template, M extends Method> = Parameters<P, M> extends { query?: infer Found } ? Exclude<Found, undefined> : undefined;
type Nullable<Values> = { [Name in keyof Values]: Values[Name] | null | undefined };

/** Where to ask: a path with its values and its query. It is a text that tells two places apart. */
export type Place<P extends Template, M extends Method = "get"> = string & { readonly asks: [M, P] };

/** The values of the path, then the query; where a path has no values the query comes first. What is null or undefined is left out. */
export type Values<P extends Template, M extends Method> =
  PathValues<P, M> extends undefined ? [query?: Nullable<QueryValues<P, M>>] : [path: PathValues<P, M>, query?: Nullable<QueryValues<P, M>>];

/** Names in a path whose values are several parts. */
const WITH_SLASHES = new Set(["stop_id"]);

export function place<P extends With<"get">>(template: P, ...values: Values<P, "get">): Place<P> {
  return placeOf("get", template, ...values);
}

export function placeOf<M extends Method, P extends With<M>>(_: M, template: P, ...values: Values<P, M>): Place<P, M> {
  const given = values as Query[];
  const [parts = {}, query = {}] = template.includes("{") ? given : [{}, given[0]];
  const path = template.replace(/\{([a-z_]+)\}/g, (_, name: string) => encoded(name, String(parts[name])));
  return withQuery(path, query) as Place<P, M>;
}

function encoded(name: string, value: string): string {
  return WITH_SLASHES.has(name) ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
}
