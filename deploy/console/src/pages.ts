/** The pages, in the order of the menu. A page adds its row here and a file of texts to `words.ts`. */

import type { ComponentType } from "preact";
import { Audit } from "./pages/audit";
import { Mailings } from "./pages/mailings";
import { Operations } from "./pages/operations";
import { Support } from "./pages/support";
import type { Scope } from "./session";
import type { Key } from "./words";

export interface Page {
  /** After `#/`; what follows it in the address is given to the page as `rest`. */
  path: string;
  title: Key;
  /** Which scope its routes need. */
  scope: Scope;
  component: ComponentType<{ rest: string }>;
}

export const PAGES: readonly Page[] = [
  { path: "support", title: "support.title", scope: "support", component: Support },
  { path: "mailings", title: "mailings.title", scope: "read", component: Mailings },
  { path: "operations", title: "operations.title", scope: "read", component: Operations },
  { path: "audit", title: "audit.title", scope: "admin", component: Audit },
];
