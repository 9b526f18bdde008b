/** What a failure means, in words that can be told the customer, what they can do, and on whose side the cause is. The
    platform says the words. */

import type { Schemas } from "../documents";
import { t, type Key } from "../words";

type Reason = Schemas["ReasonView"];

const SIDES: Readonly<Record<NonNullable<Reason["side"]>, Key>> = {
  platform: "support.side.platform",
  customer: "support.side.customer",
  sender: "support.side.sender",
  channel: "support.side.channel",
};

export function Advice({ reason }: { reason: Pick<Reason, "meaning" | "remedy"> & { side?: Reason["side"] } }) {
  return (
    <div class="advice">
      {reason.side && <p class="quiet">{t(SIDES[reason.side])}</p>}
      <p>{reason.meaning}</p>
      {reason.remedy !== null && <p><strong>{t("support.remedy")}</strong> {reason.remedy}</p>}
    </div>
  );
}

const SHORT_SIDES: Readonly<Record<NonNullable<Reason["side"]>, Key>> = {
  platform: "support.at.platform",
  customer: "support.at.customer",
  sender: "support.at.sender",
  channel: "support.at.channel",
};

/** On whose side the cause is, below a badge: the same state may be anybody's doing. */
export function ShortSide({ side }: Pick<Reason, "side">) {
  return side && <div class="quiet" title={t(SIDES[side])}>{t(SHORT_SIDES[side])}</div>;
}

/** What can be done, where there is little room. */
export function ShortAdvice({ reason }: { reason: Reason }) {
  return <div class="quiet">{reason.remedy === null ? reason.meaning : <>{t("support.remedy")} {reason.remedy}</>}</div>;
}
