/** Says that what is shown is not of now, and why: mostly because the platform does not answer. */

import { t } from "../words";
import type { Live } from "./live";
import { Failure, heading } from "./states";
import { Time } from "./time";

export function Stale<T>({ live }: { live: Live<T> }) {
  if (live.error === null) return null;
  if (live.value === null) return <Failure error={live.error} retry={live.again} />;
  return (
    <div class="notice bad" role="alert">
      <strong>{heading(live.error)}.</strong> {t("state.lastSeen")} <Time at={live.at} />.{" "}
      <button type="button" class="link" onClick={live.again}>{t("state.retry")}</button>
    </div>
  );
}
