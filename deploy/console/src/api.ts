/** The API, at the address that this page came from: the operators', or everybody's. */

import type { Answer, Body, Given, Method, Place, With } from "./documents";
import { authorization, current, isPortal, signOut } from "./session";
import { language } from "./words";

/** A partner's page shows what it has been given, and sends no cookie of anybody. */
const CREDENTIALS: RequestCredentials = isPortal ? "omit" : "same-origin";

export interface FieldError {
  field: string;
  rule: string;
}

export class ApiError extends Error {
  /** `status` is 0 when no answer came; `code` is the problem's type, or empty; `fields` break rules. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly FieldError[] = [],
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** A path with its query; what is null, undefined or empty is left out: the API refuses a parameter without a value. */
export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : path;
}

/** Its JSON, undefined for an empty answer. Throws ApiError; 401 also signs out. `tried` is shown instead of what the session has. */
export async function request<T>(path: string, init: RequestInit = {}, tried?: string): Promise<T> {
  const asking = tried === undefined ? current() : null;
  const answer = await answered(path, "application/json", init, tried ?? authorization());
  return read<T>(answer.status, await answer.text(), asking);
}

/** What a place answers, checked by the documents of the API. Throws as `request` does. */
export function get<P extends With<"get">>(at: Place<P>, signal?: AbortSignal): Promise<Answer<P>> {
  return request(at, signal ? { signal } : {});
}

/** Changes something there. */
export function send<M extends Exclude<Method, "get">, P extends With<M>>(method: M, at: Place<P, M>, body: Given<Body<P, M>>, init: RequestInit = {}): Promise<Answer<P, M>> {
  return request(at, { ...init, method: method.toUpperCase(), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** An event, or a comment: then there is nothing in it. */
export interface ServerEvent {
  id: string;
  name: string;
  data: string;
}

/** The events behind `lastId`, until they end. Throws as `request` does, and ApiError for an answer that is no stream. */
export async function* streamed(path: string, lastId: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const asking = current();
  const headers = lastId ? { "Last-Event-ID": lastId } : {};
  const answer = await answered(path, "text/event-stream", { headers, signal }, authorization());
  if (!answer.ok) read(answer.status, await answer.text(), asking);
  if (!answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) throw new ApiError(answer.status, "", "the answer is no stream");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const blocks = (held + piece.value).split("\n\n");
    held = blocks.pop() ?? "";
    yield* blocks.map(eventOf);
  }
}

function eventOf(block: string): ServerEvent {
  const field = (name: string) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
  return { id: field("id"), name: field("event"), data: field("data") };
}

async function answered(path: string, accept: string, init: RequestInit, proof: string | null): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", accept);
  headers.set("Accept-Language", language());
  for (const [name, value] of proved(proof)) headers.set(name, value);
  if (typeof init.body === "string" && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
  try {
    return await fetch(path, { ...init, headers, credentials: CREDENTIALS, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "", String(error));
  }
}

/** Of an operator's page: without the second one the platform takes no cookie, which any page could have sent along. */
function proved(proof: string | null): [name: string, value: string][] {
  const shown: [string, string][] = proof === null ? [] : [["Authorization", proof]];
  return isPortal ? shown : [...shown, ["X-RPNS-Console", "1"]];
}

/** Sends a file as it is, straight from the disk. `moved` is told how many of its bytes have gone. Throws as `request` does. */
export function upload<P extends With<"put">>(at: Place<P, "put">, file: Blob, headers: Record<string, string>, moved: (bytes: number) => void, signal: AbortSignal): Promise<Answer<P, "put">> {
  return new Promise((done, failed) => {
    const asking = current();
    const call = new XMLHttpRequest(); // `fetch` does not tell how far it is
    call.open("PUT", at);
    call.setRequestHeader("Accept", "application/json");
    for (const [name, value] of [...proved(authorization()), ...Object.entries(headers)]) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => moved(event.loaded);
    call.onload = () => {
      try {
        done(read<Answer<P, "put">>(call.status, call.responseText, asking));
      } catch (error) {
        failed(error);
      }
    };
    call.onerror = () => failed(new ApiError(0, "", "the connection was lost"));
    call.onabort = () => failed(signal.reason);
    signal.addEventListener("abort", () => call.abort(), { once: true });
    if (signal.aborted) failed(signal.reason);
    else call.send(file);
  });
}

/** `asking` is the session that it was asked in. */
function read<T>(status: number, text: string, asking: ReturnType<typeof current>): T {
  const body = parsed(text);
  if (status < 200 || status > 299) {
    if (status === 401 && asking !== null && asking === current()) signOut(true);
    throw refusal(status, body);
  }
  if (text !== "" && body === undefined) throw new ApiError(status, "", "the answer is not JSON");
  return body as T;
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined; // a gateway's own page; `request` says so
  }
}

/** In the words of the platform: what is wrong, which fields, and by which rule; also of the partners' protocol. */
function refusal(status: number, body: unknown): ApiError {
  const problem = isRecord(body) ? body : {};
  const partners = isRecord(problem.error) ? problem.error : {};
  const told = (Array.isArray(problem.errors) ? problem.errors : [])
    .filter(isRecord)
    .map(({ field, rule }) => ({ field: String(field), rule: String(rule) }));
  const broken = told.map(({ field, rule }) => `${field} ${rule}`);
  const fields = isRecord(problem.error) ? fieldsIn(String(problem.extendedDescription ?? "")) : told;
  const words = [problem.title, problem.detail, partners.description, problem.extendedDescription, ...broken];
  const type = typeof problem.type === "string" && problem.type !== "about:blank" ? problem.type : "";
  const said = words.filter((part): part is string => typeof part === "string" && part !== "");
  return new ApiError(status, type, said.join(": ") || `HTTP ${status}`, fields);
}

/** Of the partners' protocol: `field: rule; field: rule`. What names no field belongs to the rule before it. */
export function fieldsIn(text: string): FieldError[] {
  const found: FieldError[] = [];
  for (const part of text.split("; ")) {
    const [, field, rule] = /^([A-Za-z][\w.[\]]*): (.+)$/s.exec(part) ?? [];
    const last = found.at(-1);
    if (field !== undefined && rule !== undefined) found.push({ field, rule });
    else if (last) last.rule += `; ${part}`;
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
