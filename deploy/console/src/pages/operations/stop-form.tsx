/** To stop something: what, how and why, and a question that names it. */

import { Ask } from "../../parts/ask";
import { told } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { Shown, useLoaded } from "../../parts/states";
import { t } from "../../words";
import { isOwned, SCOPES, targetsOf, type Scope } from "./stop-targets";
import { named, put, type Stop } from "./stops";

interface Wanted {
  scope: Scope;
  id: string;
  state: "paused" | "cancelled";
  reason: string;
}

export function StopSomething({ done }: { done: (stop: Stop) => void }) {
  const [wanted, want] = useKept<Wanted>(formHere("stop"), { scope: "provider", id: "", state: "paused", reason: "" });
  const { scope, id, state, reason } = wanted;
  const set = (changes: Partial<Wanted>) => want((last) => ({ ...last, ...changes }));
  const stopped = (stop: Stop) => {
    set({ id: "", reason: "" });
    done(stop);
  };
  const what = named(scope, id.trim());
  return (
    <section class="card">
      <h2>{t("stops.something")}</h2>
      <div class="row">
        <div>
          <label for="stop-scope">{t("stops.kind")}</label>
          <select id="stop-scope" value={scope} onChange={(event) => set({ scope: event.currentTarget.value as Scope, id: "", state: "paused" })}>
            {Object.entries(SCOPES).map(([known, title]) => <option key={known} value={known}>{t(title)}</option>)}
          </select>
        </div>
        <div class="wide"><Target key={scope} scope={scope} id={id} choose={(id) => set({ id })} /></div>
        {isOwned(scope) && (
          <div>
            <label for="stop-state">{t("stops.how")}</label>
            <select id="stop-state" value={state} onChange={(event) => set({ state: event.currentTarget.value as Wanted["state"] })}>
              <option value="paused">{t("stops.pause")}</option>
              <option value="cancelled">{t("stops.cancel")}</option>
            </select>
          </div>
        )}
        <div class="wide">
          <label for="stop-reason">{t("stops.reason")}</label>
          <input id="stop-reason" maxLength={300} value={reason} onInput={(event) => set({ reason: event.currentTarget.value })} />
        </div>
        <Ask
          label={t("stops.stop")}
          title={told(state === "paused" ? "stops.pauseTitle" : "stops.cancelTitle", { what })}
          text={t(state === "paused" ? "stops.pauseText" : "stops.cancelText")}
          confirm={t(state === "paused" ? "stops.pause" : "stops.cancel")}
          isDangerous
          isDisabled={id.trim() === ""}
          run={() => put(scope, id.trim(), state, reason)}
          done={stopped}
        />
      </div>
    </section>
  );
}

function Target({ scope, id, choose }: { scope: Scope; id: string; choose: (id: string) => void }) {
  const [loaded, again] = useLoaded(scope, () => targetsOf(scope));
  return (
    <Shown loaded={loaded} again={again}>
      {(targets) => (
        <>
          <label for="stop-id">{t(SCOPES[scope])}</label>
          {targets ? (
            <select id="stop-id" value={id} onChange={(event) => choose(event.currentTarget.value)}>
              <option value="">{t("stops.choose")}</option>
              {targets.map((target) => <option key={target} value={target}>{target}</option>)}
            </select>
          ) : (
            <input id="stop-id" placeholder={t("stops.owned")} value={id} onInput={(event) => choose(event.currentTarget.value)} />
          )}
        </>
      )}
    </Shown>
  );
}
