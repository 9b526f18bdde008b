/** What was asked for: the message as it will look, when it may go, and the rate, which may change on the way. */

import { useState } from "preact/hooks";
import { ApiError } from "../../api";
import { TextField } from "../../parts/field";
import { number, told as filled } from "../../parts/figures";
import { Failure } from "../../parts/states";
import { format } from "../../parts/time";
import { language, t } from "../../words";
import { CHANNELS, DAYS, changed, linksOf, type ChainLink, type Content, type Definition, type Mailing, type Message } from "./model";
import { isOver } from "./outcomes";
import { Preview, Said } from "./message/preview";
import { draftOf } from "./new/draft";
import { goNew } from "./new/new-mailing";

export function Asked({ mailing, definition, told }: { mailing: Mailing; definition: Definition; told: (mailing: Mailing) => void }) {
  const data: Content = definition.message.data;
  const schedule = definition.scheduleInfo;
  const copy = draftOf(definition, mailing.partnerId);
  const sender = mailing.senders?.[0] ?? data.serviceNumber ?? null;
  return (
    <section class="card">
      <h2>{t("mailings.message")}</h2>
      {definition.message.type?.toUpperCase() === "PUSH" ? (
        <Preview
          app={sender ?? mailing.partnerId}
          title={data.title ?? ""}
          text={data.text ?? ""}
          hasPicture={Boolean(data.content?.contentUrl) && data.content?.contentCategory?.toUpperCase() !== "HTML"}
          buttons={data.content?.actions ?? []}
          valueOf={() => undefined}
        />
      ) : (
        <Texted message={definition.message} sender={sender ?? mailing.partnerId} />
      )}
      {linksOf(definition).map((link, place) => <Then key={place} link={link} sender={mailing.senders?.[place + 1] ?? mailing.partnerId} />)}
      <dl>
        <dt>{t("mailings.sender")}</dt><dd>{sender ?? t("mailings.defaultSender")}{sender !== null && !data.serviceNumber && <span class="quiet"> ({t("mailings.partnersDefault")})</span>}</dd>
        <dt>{t("mailings.lifetime")}</dt><dd>{data.ttl ? lifetime(data.ttl, data.ttlUnit) : t("mailings.partnersDefault")}</dd>
        <dt>{t("mailings.when")}</dt><dd>{schedule ? window(schedule, definition.useTimeDiff === true) : t("mailings.atOnce")}</dd>
        {!isOver(mailing) && <><dt>{t("mailings.rate")}</dt><dd><Rate mailing={mailing} told={told} /></dd></>}
      </dl>
      <details>
        <summary>{t("mailings.raw")}</summary>
        <pre tabIndex={0}>{JSON.stringify(definition, null, 2)}</pre>
      </details>
      {copy !== null && <button type="button" onClick={() => goNew(copy)}>{t("mailings.copy")}</button>}
    </section>
  );
}

/** A message that is no more than a text; as JSON where it is more. */
function Texted({ message, sender }: { message: Message; sender: string }) {
  const { type } = message;
  const data: Content = message.data;
  const channel = CHANNELS.find((name) => name === type?.toUpperCase());
  const text = data.text ?? data.instantContent?.data.text;
  if (!channel || typeof text !== "string" || !text) return <pre tabIndex={0}>{JSON.stringify({ type, data }, null, 2)}</pre>;
  return <Said channel={channel} sender={data.serviceNumber ?? sender} text={text} valueOf={() => undefined} />;
}

/** A later link of the cascade. */
function Then({ link, sender }: { link: ChainLink; sender: string }) {
  const state = link.state.toUpperCase() === "READ" ? "READ" : "DELIVERED";
  return (
    <>
      <p class="quiet">{filled("mailings.fallbackSays", { state: t(`mailings.fallback.${state}`) })}</p>
      <Texted message={link.message} sender={sender} />
    </>
  );
}

function lifetime(amount: number, unit: string | null | undefined): string {
  const known = unit?.toUpperCase();
  const name = known === "HOURS" ? "hour" : known === "SECONDS" ? "second" : "minute";
  return new Intl.NumberFormat(language(), { style: "unit", unit: name, unitDisplay: "long" }).format(amount);
}

function window(schedule: NonNullable<Definition["scheduleInfo"]>, isRecipients: boolean): string {
  const days = [...String(schedule.weekdaysSchedule ?? "")].flatMap((day) => (isDay(day) ? [t(`mailings.day.${day}`)] : []));
  return [
    schedule.timeBegin || schedule.timeEnd ? `${schedule.timeBegin ?? "00:00"}–${schedule.timeEnd ?? "24:00"}` : "",
    days.join(", "),
    t(isRecipients ? "mailings.zone.recipient" : "mailings.zone.partner"),
    schedule.deadline ? `${t("mailings.deadline")} ${momentOf(schedule.deadline)}` : "",
  ].filter(Boolean).join(" · ");
}

/** By the reader's clock; a moment without an offset is in the partner's, and stays as it was written. */
function momentOf(text: string): string {
  const isWhole = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  return isWhole ? format(new Date(text), { dateStyle: "medium", timeStyle: "short" }) : text;
}

function isDay(text: string): text is (typeof DAYS)[number] {
  return (DAYS as readonly string[]).includes(text);
}

function Rate({ mailing, told }: { mailing: Mailing; told: (mailing: Mailing) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const submitted = async (event: Event) => {
    event.preventDefault();
    setError(null);
    try {
      told(await changed(mailing.mailingId, { ratePerS: Number(typed) }));
      setTyped(null);
    } catch (refused) {
      setError(refused);
    }
  };
  if (typed === null) return <>{number(mailing.ratePerS)} {t("mailings.perSecond")} <button type="button" class="link" onClick={() => setTyped(String(mailing.ratePerS))}>{t("mailings.change")}</button></>;
  const fault = error instanceof ApiError ? error.fields[0]?.rule : undefined;
  return (
    <form class="row" onSubmit={submitted} noValidate>
      <TextField id="rate" label={t("mailings.perSecond")} value={typed} changed={setTyped} fault={fault} more={{ inputMode: "numeric" }} />
      <button type="submit">{t("mailings.save")}</button>
      <button type="button" onClick={() => setTyped(null)}>{t("mailings.ask.no")}</button>
      {error !== null && fault === undefined && <Failure error={error} />}
    </form>
  );
}
