/** To stop something: what, how and why, and a question that names it. */

import { useState } from "preact/hooks";
import { Ask } from "../../parts/ask";
import { told } from "../../parts/figures";
import { Shown, useLoaded } from "../../parts/states";
import { t } from "../../words";
import { isOwned, SCOPES, targetsOf, type Scope } from "./stop-targets";
import { named, put, type Stop } from "./stops";

export function StopSomething({ done }: { done: (stop: Stop) => void }) {
  const [scope, setScope] = useState<Scope>("provider");
  const [id, setId] = useState("");
  const [state, setState] = useState<"paused" | "cancelled">("paused");
  const [reason, setReason] = useState("");
  const chosen = (value: Scope) => {
    setScope(value);
    setId("");
    setState("paused");
  };
  const stopped = (stop: Stop) => {
    setId("");
    setReason("");
    done(stop);
  };
  const what = named(scope, id.trim());
  return (
    <section class="card">
      <h2>{t("stops.something")}</h2>
      <div class="row">
        <div>
          <label for="stop-scope">{t("stops.kind")}</label>
          <select id="stop-scope" value={scope} onChange={(event) => chosen(event.currentTarget.value as Scope)}>
            {Object.entries(SCOPES).map(([known, title]) => <option key={known} value={known}>{t(title)}</option>)}
          </select>
        </div>
        <div class="wide"><Target key={scope} scope={scope} id={id} choose={setId} /></div>
        {isOwned(scope) && (
          <div>
            <label for="stop-state">{t("stops.how")}</label>
            <select id="stop-state" value={state} onChange={(event) => setState(event.currentTarget.value as "paused" | "cancelled")}>
              <option value="paused">{t("stops.pause")}</option>
              <option value="cancelled">{t("stops.cancel")}</option>
            </select>
          </div>
        )}
        <div class="wide">
          <label for="stop-reason">{t("stops.reason")}</label>
          <input id="stop-reason" maxLength={300} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
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
