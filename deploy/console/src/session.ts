/** The operator's token, kept for as long as this tab lives and nowhere else. */

const KEY = "rpns.token";
const listeners = new Set<() => void>();

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

export function signIn(value: string): void {
  sessionStorage.setItem(KEY, value);
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
