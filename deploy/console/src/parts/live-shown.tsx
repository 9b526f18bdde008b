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
      <LiveLine live={live} everyS={everyS} />
    </>
  );
}

/** Of when it is, and how changes come; `everyS` null: they do not, unless it is followed. */
export function LiveLine<T>({ live, everyS }: { live: Live<T>; everyS: number | null }) {
  if (live.value === null) return null;
  const polled = everyS === null ? t("live.still") : told(live.hasStream ? "live.noStream" : "live.every", { seconds: everyS });
  return (
    <p class="quiet live">
      {t("live.at")} <Time at={live.at} /> · {live.isStreamed ? t("live.streamed") : polled}{" "}
      <button type="button" class="link" onClick={live.again}>{t("live.again")}</button>
    </p>
  );
}
