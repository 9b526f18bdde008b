/** Who is signed in, and what that allows. A token lives as long as this tab; a session is a cookie, which no script sees. */

export type Scope = "read" | "support" | "operator" | "admin";

/** Whether partners use this page: it is served at a path of theirs, at everybody's address. */
export const isPortal = location.pathname.endsWith("/portal/");

/** A service number that a partner sends by. */
export interface OwnSender {
  serviceNumber: string;
  applicationId: string | null;
}

interface Session {
  /** The header that each request has; null: the browser sends the cookie of the session. */
  authorization: string | null;
  name: string;
  held: Scope[];
  /** Of a partner: those that are switched on. */
  senders: OwnSender[];
  /** Whether it is the operator's own to change. */
  hasPassword: boolean;
}

/** With their own things partners do what operators need these scopes for; their pages ask for nothing else. */
export const HELD_BY_PARTNERS: Scope[] = ["read", "support", "operator"];

const KEY = isPortal ? "rpns.partner" : "rpns.session";
const listeners = new Set<() => void>();
let now: Session | null = kept();
let isOver = false;

function kept(): Session | null {
  const text = sessionStorage.getItem(KEY);
  return text === null ? null : { hasPassword: false, ...(JSON.parse(text) as Omit<Session, "hasPassword">) };
}

function become(session: Session | null, over = false): void {
  now = session;
  isOver = over;
  listeners.forEach((tell) => tell());
}

/** The one that there is; it tells an answer to an earlier one apart. */
export function current(): Session | null {
  return now;
}

export function isSignedIn(): boolean {
  return now !== null;
}

/** Whether somebody was signed in here, and is no more, but has not signed out. */
export function hasEnded(): boolean {
  return isOver;
}

/** Whether a cookie proves it, so that signing out is the platform's to do. */
export function isByCookie(): boolean {
  return now !== null && now.authorization === null;
}

export function hasPassword(): boolean {
  return now?.hasPassword ?? false;
}

export function authorization(): string | null {
  return now?.authorization ?? null;
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
  return now?.name ?? "";
}

export function ownSenders(): readonly OwnSender[] {
  return now?.senders ?? [];
}

/** Whether routes that need this scope take the requests. The services decide; this only saves asking in vain. */
export function holds(scope: Scope): boolean {
  return now?.held.includes(scope) ?? false;
}

/** With what each request shows from now on, in this tab. */
export function signIn(header: string, name: string, held: Scope[], senders: OwnSender[] = []): void {
  sessionStorage.setItem(KEY, JSON.stringify({ authorization: header, name, held, senders }));
  become({ authorization: header, name, held, senders, hasPassword: false });
}

/** With the cookie that the browser has got, in all its tabs. */
export function signedInByCookie({ name, heldScopes, hasPassword }: { name: string; heldScopes: Scope[]; hasPassword: boolean }): void {
  become({ authorization: null, name, held: heldScopes, senders: [], hasPassword });
}

/** `over`: not because somebody wanted it. The place in the address stays. */
export function signOut(over = false): void {
  sessionStorage.removeItem(KEY);
  become(null, over && now !== null);
}

/** Calls back at each change; returns what ends that. */
export function onSession(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
