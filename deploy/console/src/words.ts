/** Every text of the console, English and Russian. A page's texts are in a file of its own in `words/`, and join here. */

import { ACCOUNTS } from "./words/accounts";
import { APP } from "./words/app";
import { AUDIT } from "./words/audit";
import { COMPANY_LOGIN } from "./words/company-login";
import { MAILING_PARTS } from "./words/mailing-parts";
import { MAILINGS } from "./words/mailings";
import { OPERATIONS } from "./words/operations";
import { PORTAL } from "./words/portal";
import { REFUSALS } from "./words/refusals";
import { SETTINGS } from "./words/settings";
import { SETUP } from "./words/setup";
import { STATES } from "./words/states";
import { SUPPORT } from "./words/support";

const TABLE = {
  ...APP,
  ...ACCOUNTS,
  ...COMPANY_LOGIN,
  ...MAILINGS,
  ...MAILING_PARTS,
  ...STATES,
  ...SUPPORT,
  ...OPERATIONS,
  ...SETUP,
  ...SETTINGS,
  ...AUDIT,
  ...PORTAL,
  ...REFUSALS,
} as const;

export type Key = keyof typeof TABLE;
export type Language = "en" | "ru";

const KEPT = "rpns.language";

export function language(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "ru") return kept;
  return navigator.language.startsWith("ru") ? "ru" : "en";
}

export function setLanguage(value: Language): void {
  localStorage.setItem(KEPT, value);
  document.documentElement.lang = value;
}

export function t(key: Key): string {
  return TABLE[key][language() === "ru" ? 1 : 0];
}
