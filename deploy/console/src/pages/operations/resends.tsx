/** Reports of a period, sent to a partner again: counted first, begun, watched, ended. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { StateBadge, messageStates, type MessageState } from "../../parts/badge";
import { byWhom } from "../../parts/by-whom";
import { Edit, asNumber, type Form } from "../../parts/edit";
import { Choice, TextField } from "../../parts/field";
import { number, told } from "../../parts/figures";
import { useLive } from "../../parts/live";
import { LiveShown } from "../../parts/live-shown";
import { MomentField } from "../../parts/moment-field";
import { Empty } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { change } from "./changes";
import { at } from "./place";

const BUSY_S = 3;
const QUIET_S = 15;
const MOST = 100;
const STATES = { running: "going", done: "good", cancelled: "bad" } as const;

type Resend = Schemas["ResendView"];

interface Now {
  resends: Resend[];
  partners: string[];
}

async function now(signal: AbortSignal): Promise<Now> {
  const [resends, partners] = await Promise.all([get(place("/v1/report-resends", { limit: MOST }), signal), get(place("/v1/partners"), signal)]);
  return { resends, partners: partners.map(({ partnerId }) => partnerId) };
}

export function Resends() {
  const live = useLive("resends", now, ({ resends }) => (resends.some(({ state }) => state === "running") ? BUSY_S : QUIET_S));
  const [said, say] = useState("");
  const done = (words: string) => {
    say(words);
    live.again();
  };
  const partners = live.value?.partners ?? [];
  return (
    <>
      <p class="notice good" role="status">{said}</p>
      <section class="card">
        <div class="row between">
          <h2>{t("operations.resends")}</h2>
          <Allowed scope="operator">
            {live.value !== null && (
              <div class="row">
                <Asking partners={partners} isCount done={({ messages, partner }) => done(told("resends.counted", { count: messages ?? 0, partner }))} />
                <Asking partners={partners} isCount={false} done={({ messages, partner }) => done(told("resends.begun", { count: messages ?? 0, partner }))} />
              </div>
            )}
          </Allowed>
        </div>
        <p class="quiet">{t("resends.about")}</p>
        <LiveShown live={live} everyS={QUIET_S}>
          {({ resends }) => (resends.length === 0 ? <Empty>{t("resends.none")}</Empty> : <Listed resends={resends} again={live.again} />)}
        </LiveShown>
      </section>
    </>
  );
}

function Listed({ resends, again }: { resends: Resend[]; again: () => void }) {
  const cancel = ({ resendId, partner, state }: Resend) =>
    state === "running" && resendId !== null ? (
      <Allowed scope="operator">
        <Ask label={t("resends.cancel")} title={told("resends.cancelTitle", { partner })} text={t("resends.cancelText")} isDangerous run={() => change("post", placeOf("post", "/v1/report-resends/{resend_id}/cancel", { resend_id: resendId }), undefined)} done={again} />
      </Allowed>
    ) : "—";
  return (
    <Table
      label={t("operations.resends")}
      rows={resends}
      id={({ resendId }) => String(resendId)}
      columns={[
        { title: t("resends.partner"), cell: ({ partner }) => <a href={at("partners", partner)}>{partner}</a> },
        { title: t("setup.state"), cell: ({ state }) => <StateBadge state={state} kinds={STATES} words={(name) => t(`resends.is.${name}`)} /> },
        { title: t("resends.period"), cell: ({ since, until }) => <><Time at={since} /> – <Time at={until} /></> },
        { title: t("resends.asked"), cell: ({ asked }) => number(asked) },
        { title: t("resends.at"), cell: (resend) => <Time at={resend.at} /> },
        { title: t("setup.by"), cell: ({ by }) => byWhom(by) || "—" },
        { title: t("resends.endedAt"), cell: ({ endedAt }) => <Time at={endedAt} /> },
        { title: t("setup.actions"), cell: cancel },
      ]}
    />
  );
}

interface Wanted {
  partner: string;
  since: string;
  until: string;
  state: MessageState | "";
  message: string;
  perSecond: string;
}

function Asking({ partners, isCount, done }: { partners: string[]; isCount: boolean; done: (resend: Resend) => void }) {
  const fields = ({ values, set, about }: Form<Wanted>) => (
    <>
      <Choice {...about("partner", t("resends.partner"))} value={values.partner} changed={(partner) => set({ partner })} of={partners.map((name) => [name, name])} />
      <div class="pair">
        <MomentField {...about("since", t("resends.since"))} hint={undefined} value={values.since} changed={(since) => set({ since })} />
        <MomentField {...about("until", t("resends.until"))} hint={t("resends.untilHint")} value={values.until} changed={(until) => set({ until })} />
      </div>
      <Choice {...about("state", t("resends.onlyState"))} value={values.state} changed={(state) => set({ state })} of={[["", t("resends.anyState")], ...messageStates.map((name) => [name, t(`messageState.${name}`)] as const)]} />
      <TextField {...about("message", t("resends.message"), t("resends.messageHint"))} value={values.message} changed={(message) => set({ message })} more={{ autocomplete: "off" }} />
      {!isCount && <TextField {...about("perSecond", t("resends.perSecond"))} value={values.perSecond} changed={(perSecond) => set({ perSecond })} more={{ inputMode: "numeric" }} />}
    </>
  );
  return (
    <Edit<Wanted, Resend>
      label={t(isCount ? "resends.count" : "resends.begin")}
      title={t(isCount ? "resends.countTitle" : "resends.beginTitle")}
      text={t(isCount ? "resends.countText" : "resends.beginText")}
      confirm={t(isCount ? "resends.countNow" : "resends.beginNow")}
      values={{ partner: partners[0] ?? "", since: "", until: "", state: "", message: "", perSecond: "50" }}
      fields={fields}
      run={(values) => change("post", placeOf("post", "/v1/report-resends"), bodyOf(values, isCount))}
      done={done}
    />
  );
}

function bodyOf({ partner, since, until, state, message, perSecond }: Wanted, dryRun: boolean) {
  return {
    partner,
    since,
    until: until || undefined,
    state: state || undefined,
    message: message.trim() || undefined,
    perSecond: dryRun ? undefined : asNumber(perSecond),
    dryRun,
  };
}
