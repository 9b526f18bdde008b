/** The operator's token, and what it holds, kept for as long as this tab lives and nowhere else. */

export type Scope = "read" | "support" | "operator" | "admin";

interface Session {
  token: string;
  name: string;
  held: Scope[];
}

const KEY = "rpns.session";
const listeners = new Set<() => void>();

function session(): Session | null {
  const kept = sessionStorage.getItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Session);
}

export function token(): string | null {
  return session()?.token ?? null;
}

export function operatorName(): string {
  return session()?.name ?? "";
}

/** Whether routes that need this scope take the token. The services decide; this only saves asking in vain. */
export function holds(scope: Scope): boolean {
  return session()?.held.includes(scope) ?? false;
}

export function signIn(value: string, name: string, held: Scope[]): void {
  sessionStorage.setItem(KEY, JSON.stringify({ token: value, name, held } satisfies Session));
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
