/** A look in the audit trail: what was asked for, and how many it showed. */

import { Badge } from "../parts/badge";
import { href } from "../router";
import { t } from "../words";
import type { Look } from "./audit";

export function Looked({ look }: { look: Look }) {
  return (
    <details>
      <summary><Badge state={t(look.look === "look" ? "audit.look" : "audit.searched")} kind="going" /></summary>
      <dl>
        {look.asked.map(({ name, value }) => <><dt>{name}</dt><dd>{value}</dd></>)}
        {look.subjects.length > 0 && <><dt>{t("audit.people")}</dt><dd>{look.subjects.length}</dd></>}
        {look.messages.length > 0 && <><dt>{t("audit.messages")}</dt><dd>{look.messages.map((id) => <div key={id}><a href={href("support", id)}>{id}</a></div>)}</dd></>}
      </dl>
      {look.isWide && <p class="quiet">{t("audit.wide")}</p>}
    </details>
  );
}
