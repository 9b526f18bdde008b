/** What is shown to those alone whose token may do it. */

import type { ComponentChildren } from "preact";
import { holds, type Scope } from "../session";

export function Allowed({ scope, children }: { scope: Scope; children: ComponentChildren }) {
  return holds(scope) ? <>{children}</> : null;
}
