/** What came last, when, and whether it is of now. */

import type { ComponentChildren } from "preact";
import { t } from "../words";
import { told } from "./figures";
import type { Live } from "./live";
import { Stale } from "./stale";
import { Loading } from "./states";
import { Time } from "./time";

/** `everyS`: how often it is asked for. */
export function LiveShown<T>(props: { live: Live<T>; everyS: number; children: (value: T) => ComponentChildren }) {
  const { live, everyS } = props;
  return (
    <>
      <Stale live={live} />
      {live.value !== null ? props.children(live.value) : live.error === null && <Loading />}
      {live.value !== null && (
        <p class="quiet live">
          {t("live.at")} <Time at={live.at} /> · {told("live.every", { seconds: everyS })}{" "}
          <button type="button" class="link" onClick={live.again}>{t("live.again")}</button>
        </p>
      )}
    </>
  );
}
