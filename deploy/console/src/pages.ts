/** The pages, in the order of the menu. A page adds its row here and a file of texts to `words.ts`. */

import type { ComponentType } from "preact";
import { Audit } from "./pages/audit";
import { Mailings } from "./pages/mailings";
import { Operations } from "./pages/operations";
import { OwnOutcomes } from "./pages/partner/outcomes";
import { RequestBuilder } from "./pages/partner/request";
import { OwnRefusals } from "./pages/partner/refusals";
import { OwnSettings } from "./pages/partner/settings";
import { Support } from "./pages/support";
import { ownSenders, type Scope } from "./session";
import type { Key } from "./words";

export interface Page {
  /** After `#/`; what follows it in the address is given to the page as `rest`. */
  path: string;
  title: Key;
  /** Which scope its routes need. */
  scope: Scope;
  /** Whether it is in the menu, beside the scope. */
  isOffered?: () => boolean;
  component: ComponentType<{ rest: string }>;
}

export const PAGES: readonly Page[] = [
  { path: "support", title: "support.title", scope: "support", component: Support },
  { path: "mailings", title: "mailings.title", scope: "read", component: Mailings },
  { path: "operations", title: "operations.title", scope: "read", component: Operations },
  { path: "audit", title: "audit.title", scope: "admin", component: Audit },
];

/** At the partners' path. The pages that both have are the same ones, and ask the same routes. */
export const PAGES_OF_PARTNERS: readonly Page[] = [
  { path: "support", title: "portal.messages", scope: "support", component: Support },
  { path: "outcomes", title: "portal.outcomes", scope: "read", component: OwnOutcomes },
  { path: "refusals", title: "refusals.title", scope: "read", component: OwnRefusals },
  { path: "mailings", title: "mailings.title", scope: "read", component: Mailings },
  { path: "request", title: "portal.request", scope: "operator", component: RequestBuilder, isOffered: () => ownSenders().length > 0 },
  { path: "settings", title: "portal.settings", scope: "read", component: OwnSettings },
];
