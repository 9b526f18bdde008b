/** The part of the address behind `#/`: the page, and what follows it. */

import { useEffect, useState } from "preact/hooks";

/** The page of the sign-in: where the company's login sends those back whom it does not let in. */
export const SIGN_IN = "sign-in";

export function place(): { path: string; rest: string } {
  const [path = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return { path, rest: decoded(rest.join("/")) };
}

export function go(path: string, rest = ""): void {
  location.hash = href(path, rest);
}

export function href(path: string, rest = ""): string {
  return rest ? `#/${path}/${encodeURIComponent(rest)}` : `#/${path}`;
}

export function usePlace(): { path: string; rest: string } {
  const [now, move] = useState(place);
  useEffect(() => {
    const moved = () => move(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return now;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a lone %
  }
}
