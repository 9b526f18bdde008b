/** Broadcast channels of an application: asked for, let go, sent to, and what has become of a message. */

import { useState } from "preact/hooks";
import { ApiError, get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { objectIn, type Json } from "../../json";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { StateBadge } from "../../parts/badge";
import { Edit, asNumber, type Form } from "../../parts/edit";
import { Choice, Field, TextField, Tick, described } from "../../parts/field";
import { told } from "../../parts/figures";
import { Empty, Shown, useLoaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { uuid } from "../../uuid";
import { t } from "../../words";
import { BroadcastState, type Broadcast } from "./broadcast-state";
import { change } from "./changes";

const PAGE = 100;
const ALL = "/v1/applications/{application_id}/broadcast-channels";
const ONE = `${ALL}/{name}` as const;
const STATES = { requested: "going", open: "good", closing: "going", closed: "going", refused: "bad" } as const;

type Channel = Schemas["ChannelView"];
const ENVIRONMENTS = ["production", "sandbox"] as const satisfies readonly Channel["environment"][];

export function Broadcasts({ applicationId }: { applicationId: string }) {
  const [after, goTo] = useState("");
  const [loaded, again] = useLoaded(`${applicationId} ${after}`, (signal) => get(place(ALL, { application_id: applicationId }, { after, limit: PAGE }), signal));
  return (
    <section class="card broadcasts">
      <div class="row between">
        <h2>{t("broadcasts.title")}</h2>
        <div class="row">
          <button type="button" onClick={again}>{t("live.again")}</button>
          <Allowed scope="operator"><Create applicationId={applicationId} done={again} /></Allowed>
        </div>
      </div>
      <p class="quiet">{t("broadcasts.about")}</p>
      <Shown loaded={loaded} again={again}>
        {(page) => (
          <>
            {page.unread?.length > 0 && <p class="notice">{told("broadcasts.unread", { names: page.unread.join(", ") })}</p>}
            {page.damaged?.length > 0 && <p class="notice">{told("broadcasts.damaged", { names: page.damaged.join(", ") })}</p>}
            {page.channels.length === 0 ? <Empty>{t("broadcasts.none")}</Empty> : <Listed channels={page.channels} applicationId={applicationId} again={again} />}
            {after !== "" && <button type="button" onClick={() => goTo("")}>{t("broadcasts.first")}</button>}{" "}
            {page.after !== null && <button type="button" onClick={() => goTo(page.after ?? "")}>{t("broadcasts.more")}</button>}
          </>
        )}
      </Shown>
    </section>
  );
}

function Listed({ channels, applicationId, again }: { channels: Channel[]; applicationId: string; again: () => void }) {
  const [looked, look] = useState<{ channel: string; broadcast: Broadcast | null } | null>(null);
  const actions = (channel: Channel) => (
    <div class="row">
      <Allowed scope="operator">
        {channel.state === "open" && <Send channel={channel} done={(broadcast) => look({ channel: channel.name, broadcast })} />}
      </Allowed>
      <button type="button" onClick={() => look({ channel: channel.name, broadcast: null })}>{t("broadcasts.state")}</button>
      <Allowed scope="operator">
        <Ask label={t("broadcasts.remove")} title={told("broadcasts.removeTitle", { channel: channel.name })} text={t("broadcasts.removeText")} isDangerous isDisabled={channel.state === "closed" || channel.state === "closing"} run={() => change("delete", placeOf("delete", ONE, { application_id: applicationId, name: channel.name }), undefined)} done={again} />
      </Allowed>
    </div>
  );
  return (
    <>
      <Table
        label={t("broadcasts.title")}
        rows={channels}
        id={(channel) => channel.name}
        columns={[
          { title: t("broadcasts.name"), cell: (channel) => channel.name },
          { title: t("setup.state"), cell: (channel) => <><StateBadge state={channel.state} kinds={STATES} words={(name) => t(`broadcasts.is.${name}`)} />{channel.detail && <div class="quiet">{channel.detail}</div>}</> },
          { title: t("broadcasts.channelId"), cell: (channel) => channel.channelId === null ? "—" : <code>{channel.channelId}</code> },
          { title: t("broadcasts.environment"), cell: (channel) => t(`broadcasts.environment.${channel.environment}`) },
          { title: t("broadcasts.keepLatest"), cell: (channel) => t(channel.keepLatest ? "setup.yes" : "setup.no") },
          { title: t("setup.changed"), cell: (channel) => <Time at={channel.changedAt} /> },
          { title: t("setup.actions"), cell: actions },
        ]}
      />
      {looked && <BroadcastState key={`${looked.channel} ${looked.broadcast?.broadcastId}`} channel={looked.channel} found={looked.broadcast} applicationId={applicationId} />}
    </>
  );
}

interface New {
  name: string;
  environment: Channel["environment"];
  keepLatest: boolean;
}

function Create({ applicationId, done }: { applicationId: string; done: () => void }) {
  const fields = ({ values, set, about }: Form<New>) => (
    <>
      <TextField {...about("name", t("broadcasts.name"), t("broadcasts.nameHint"))} value={values.name} changed={(name) => set({ name })} more={{ autocomplete: "off" }} />
      <Choice {...about("environment", t("broadcasts.environment"))} value={values.environment} changed={(environment) => set({ environment })} of={ENVIRONMENTS.map((name) => [name, t(`broadcasts.environment.${name}`)] as const)} />
      <Tick label={t("broadcasts.keepLatestLong")} value={values.keepLatest} changed={(keepLatest) => set({ keepLatest })} />
    </>
  );
  const run = async ({ name, environment, keepLatest }: New) => {
    if (name.trim() === "") throw new ApiError(0, "", t("edit.needed"), [{ field: "name", rule: t("edit.needed") }]); // it would be another path
    return change("put", placeOf("put", ONE, { application_id: applicationId, name: name.trim() }), { environment, keepLatest });
  };
  return <Edit<New, Channel> label={t("broadcasts.add")} title={t("broadcasts.addTitle")} text={t("broadcasts.addText")} confirm={t("setup.create")} values={{ name: "", environment: "production", keepLatest: false }} fields={fields} run={run} done={done} />;
}

interface Message {
  id: string;
  ttlS: string;
  aps: string;
}

function Send({ channel, done }: { channel: Channel; done: (sent: Broadcast) => void }) {
  const fields = ({ values, set, about }: Form<Message>) => {
    const aps = about("aps", "aps", t("broadcasts.apsHint"));
    return (
      <>
        <Field {...aps}>
          <textarea {...described(aps)} rows={8} spellcheck={false} value={values.aps} onInput={(event) => set({ aps: event.currentTarget.value })} />
        </Field>
        <TextField {...about("ttlS", t("broadcasts.ttl"))} value={values.ttlS} changed={(ttlS) => set({ ttlS })} more={{ inputMode: "numeric" }} />
        <TextField {...about("id", t("broadcasts.ownId"), t("broadcasts.ownIdHint"))} value={values.id} changed={(id) => set({ id })} more={{ autocomplete: "off" }} />
      </>
    );
  };
  const run = async ({ id, ttlS, aps }: Message) =>
    change("post", placeOf("post", `${ONE}/messages`, { application_id: channel.applicationId, name: channel.name }), { aps: parsed(aps), ttlS: asNumber(ttlS), id: id.trim() || undefined });
  const first = JSON.stringify({ event: "update", timestamp: new Date().toISOString(), "content-state": {} }, null, 2);
  return <Edit<Message, Broadcast> label={t("broadcasts.send")} title={told("broadcasts.sendTitle", { channel: channel.name })} text={t("broadcasts.sendText")} confirm={t("broadcasts.sendNow")} values={{ id: uuid(), ttlS: "3600", aps: first }} fields={fields} run={run} done={done} />;
}

function parsed(text: string): Json {
  const found = objectIn(text);
  if (found === null) throw new ApiError(0, "", t("credentials.noRecord"), [{ field: "aps", rule: t("credentials.noRecord") }]);
  return found;
}
