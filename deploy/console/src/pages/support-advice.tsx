/** What a failure means, in words that can be told the customer, and what they can do. The words are the platform's. */

import type { Schemas } from "../documents";
import { t } from "../words";

export function Advice({ reason }: { reason: Pick<Schemas["ReasonView"], "meaning" | "remedy"> }) {
  return (
    <div class="advice">
      <p>{reason.meaning}</p>
      {reason.remedy !== null && <p><strong>{t("support.remedy")}</strong> {reason.remedy}</p>}
    </div>
  );
}
