/** What has become of a message of a broadcast channel: asked for by its id. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, type Schemas } from "../../documents";
import { StateBadge } from "../../parts/badge";
import { Facts } from "../../parts/facts";
import { TextField } from "../../parts/field";
import { told } from "../../parts/figures";
import { Failure } from "../../parts/states";
import { Time } from "../../parts/time";
import { t } from "../../words";

const STATES = { requested: "going", retry: "going", accepted: "good", refused: "bad", expired: "bad", uncertain: "bad" } as const;

export type Broadcast = Schemas["BroadcastView"];

/** `found`: one that was just sent. */
export function BroadcastState({ applicationId, channel, found }: { applicationId: string; channel: string; found: Broadcast | null }) {
  const [id, setId] = useState(found?.broadcastId ?? "");
  const [broadcast, hold] = useState(found);
  const [error, setError] = useState<unknown>(null);
  const asked = async (event: Event) => {
    event.preventDefault();
    setError(null);
    try {
      const about = { application_id: applicationId, name: channel, broadcast_id: id.trim() };
      hold(await get(place("/v1/applications/{application_id}/broadcast-channels/{name}/messages/{broadcast_id}", about)));
    } catch (refused) {
      hold(null);
      setError(refused);
    }
  };
  return (
    <>
      <h3>{told("broadcasts.stateTitle", { channel })}</h3>
      <form class="row" onSubmit={asked}>
        <TextField id="broadcast-id" label="broadcastId" value={id} changed={setId} more={{ required: true, autocomplete: "off" }} />
        <button type="submit">{t("broadcasts.ask")}</button>
      </form>
      {error !== null && <Failure error={error} />}
      {broadcast && (
        <Facts
          facts={[
            [t("setup.state"), <StateBadge state={broadcast.state} kinds={STATES} words={(name) => t(`broadcast.is.${name}`)} />],
            [t("broadcasts.detail"), [broadcast.status || "", broadcast.detail].filter(Boolean).join(" ")],
            [t("broadcasts.attempt"), broadcast.attempt],
            [t("broadcasts.acceptedAt"), <Time at={broadcast.acceptedAt} />],
            [t("broadcasts.expiresAt"), <Time at={broadcast.expiresAt} />],
            [t("broadcasts.retryAt"), broadcast.retryAt && <Time at={broadcast.retryAt} />],
          ]}
        />
      )}
    </>
  );
}
