/** Who has changed something, as the log names them: an operator by the name alone. */

import { t } from "../words";
import { lowered } from "./figures";

/** Empty where it was not noted. */
export function byWhom(who: string | null | undefined): string {
  const [kind = "", ...name] = (who ?? "").split(":");
  if (kind === "bootstrap") return t("setup.installer");
  if (kind === "partner" && name.length > 0) return `${lowered(t("partners.partner"))} ${name.join(":")}`;
  return kind === "operator" && name.length > 0 ? name.join(":") : (who ?? "");
}
