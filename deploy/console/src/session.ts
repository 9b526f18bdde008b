/** Who is signed in, and what that allows, kept for as long as this tab lives and nowhere else. */

export type Scope = "read" | "support" | "operator" | "admin";

/** Whether partners use this page: it is served at a path of theirs, at everybody's address. */
export const isPortal = location.pathname.endsWith("/portal/");

/** A service number that a partner sends by. */
export interface OwnSender {
  serviceNumber: string;
  applicationId: string | null;
}

interface Session {
  /** The header that each request has. */
  authorization: string;
  name: string;
  held: Scope[];
  /** Of a partner: those that are switched on. */
  senders: OwnSender[];
}

/** With their own things partners do what operators need these scopes for; their pages ask for nothing else. */
export const HELD_BY_PARTNERS: Scope[] = ["read", "support", "operator"];

const KEY = isPortal ? "rpns.partner" : "rpns.session";
const listeners = new Set<() => void>();

function session(): Session | null {
  const kept = sessionStorage.getItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Session);
}

export function authorization(): string | null {
  return session()?.authorization ?? null;
}

/** A partner's login and password as a header, RFC 7617. */
export function basic(login: string, password: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${login}:${password}`)))}`;
}

/** The same, out of the session: the partner protocol has them in the body. */
export function ownLogin(): { login: string; password: string } {
  const octets = Uint8Array.from(atob((authorization() ?? "").replace("Basic ", "")), (letter) => letter.charCodeAt(0));
  const [login = "", ...password] = new TextDecoder().decode(octets).split(":");
  return { login, password: password.join(":") };
}

/** Of the operator; of a partner its login. */
export function userName(): string {
  return session()?.name ?? "";
}

export function ownSenders(): readonly OwnSender[] {
  return session()?.senders ?? [];
}

/** Whether routes that need this scope take the requests. The services decide; this only saves asking in vain. */
export function holds(scope: Scope): boolean {
  return session()?.held.includes(scope) ?? false;
}

export function signIn(header: string, name: string, held: Scope[], senders: OwnSender[] = []): void {
  sessionStorage.setItem(KEY, JSON.stringify({ authorization: header, name, held, senders } satisfies Session));
  listeners.forEach((tell) => tell());
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  listeners.forEach((tell) => tell());
}

/** Calls back at each change; returns what ends that. */
export function onSession(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
