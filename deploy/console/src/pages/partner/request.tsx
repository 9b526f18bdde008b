/** Builds one request of the partner protocol: a form, the JSON and the line of a shell that it makes, and the answer. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get, send, type FieldError } from "../../api";
import { place, placeOf } from "../../documents";
import { channelName } from "../../parts/channel-name";
import { Copied } from "../../parts/copied";
import { Choice, Field, TextField, described, optional } from "../../parts/field";
import { focusOn } from "../../parts/kept-focus";
import { Failure, Shown, useLoaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { href } from "../../router";
import { ownLogin, ownSenders, userName } from "../../session";
import { uuid } from "../../uuid";
import { t } from "../../words";
import { hintOf, wordsOf } from "../mailings/new/lifetime-faults";
import { Message } from "../mailings/new/message-fields";
import { When } from "../mailings/new/when-fields";
import "../mailings/mailings.css";
import { partners, type Partner } from "../mailings/model";
import { Preview } from "../mailings/message/preview";
import { CHANNELS, curlOf, placedIn, requestOf, type RequestDraft } from "./request-draft";
import { keep, kept, type Taken } from "./request-kept";

interface Fields {
  draft: RequestDraft;
  set: (changes: Partial<RequestDraft>) => void;
  faults: Record<string, string>;
}

export function RequestBuilder() {
  const [loaded, again] = useLoaded("own", partners);
  return (
    <>
      <h1>{t("portal.request")}</h1>
      <p class="quiet">{t("request.about")}</p>
      <Shown loaded={loaded} again={again}>{([own]) => own && <Form own={own} />}</Shown>
    </>
  );
}

function Form({ own }: { own: Partner }) {
  const [left] = useState(kept);
  const [draft, setDraft] = useState(left.draft);
  const [taken, setTaken] = useState(left.taken);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const isSent = useRef(false); // a second press may come before the button is drawn as off
  const told: readonly FieldError[] = error instanceof ApiError ? error.fields : [];
  const { faults, others } = placedIn(told);
  const set = (changes: Partial<RequestDraft>) => {
    const id = taken === null ? draft.id : uuid(); // what was sent keeps its id
    setDraft({ ...draft, id, ...changes });
    setTaken(null);
    setError(null);
  };
  const submitted = async (event: Event) => {
    event.preventDefault();
    if (isSent.current) return;
    isSent.current = true;
    setSending(true);
    setError(null);
    setTaken(null);
    try {
      const usedAt = await usedBefore(draft.id);
      setTaken({ usedAt, answer: await send("post", placeOf("post", "/v6/send"), requestOf(draft, ownLogin())) });
    } catch (refused) {
      setError(refused);
      requestAnimationFrame(() => bringInView(form.current?.querySelector<HTMLElement>("[aria-invalid]") ?? form.current?.querySelector<HTMLElement>("[role=alert]") ?? null));
    }
    setSending(false);
    isSent.current = false;
  };
  useEffect(() => keep(draft, taken), [draft, taken]);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus({ preventScroll: true }), []); // the page was opened to fill it in
  const fields: Fields = { draft, set, faults: { ...faults, ...faultsOfLifetimes(draft) } };
  return (
    <form ref={form} class="columns" onSubmit={submitted} noValidate>
      <div>
        <Whom {...fields} own={own} />
        <Message {...fields} isPlain />
        <When {...fields} offsetMin={own.utcOffsetMin} isOne />
        <Cascade {...fields} />
      </div>
      <aside>
        <section class="card">
          <h2>{t("mailings.preview")}</h2>
          <Preview app={draft.sender || own.defaultSender || own.partnerId} title={draft.title} text={draft.text} hasPicture={draft.address !== "" && draft.category === "IMAGE"} buttons={draft.buttons} valueOf={(name) => `{{${name}}}`} />
        </section>
        <Written draft={draft} />
        <section class="card">
          {error !== null && (others.length > 0 || told.length === 0) && <Failure error={error} />}
          {Object.keys(faults).length > 0 && <p class="failure" role="alert">{t("mailings.seeFields")}</p>}
          <button type="submit" class="main" disabled={isSending}>{t("request.send")}</button>
          <p class="quiet">{t("request.sendMeans")}</p>
          {taken !== null && <Answered taken={taken} isNew={taken !== left.taken} />}
        </section>
      </aside>
    </form>
  );
}

/** Of the push, and of what follows it. */
function faultsOfLifetimes(draft: RequestDraft): Record<string, string> {
  const { cascade, cascadeTtl } = draft;
  const later = cascade ? [{ channel: cascade, ttl: cascadeTtl, ttlUnit: "MINUTES", at: "cascadeTtl", after: "cascade" } as const] : [];
  return wordsOf([{ ...draft, at: "ttl" }, ...later], draft);
}

function Whom({ draft, set, faults, own }: Fields & { own: Partner }) {
  const preset = own.defaultSender;
  const first = [["", preset ? `${t("mailings.defaultSender")}: ${preset}` : t("mailings.chooseSender")]] as const;
  return (
    <section class="card">
      <h2>{t("request.whom")}</h2>
      <div class="pair">
        <TextField id="phone" label={t("request.phone")} hint={t("request.phoneHint")} fault={faults.phone} value={draft.phone} changed={(phone) => set({ phone })} more={{ inputMode: "tel", autocomplete: "off" }} />
        <TextField id="user" label={t("support.user")} hint={t("request.userHint")} fault={faults.user} value={draft.user} changed={(user) => set({ user })} more={{ autocomplete: "off" }} />
      </div>
      <div class="pair">
        <Choice id="sender" label={t("mailings.sender")} fault={faults.sender} value={draft.sender} changed={(sender) => set({ sender })} of={[...first, ...ownSenders().map(({ serviceNumber, applicationId }) => [serviceNumber, applicationId ? `${serviceNumber} (${applicationId})` : serviceNumber] as const)]} />
        <Choice id="reports" label={t("request.reports")} value={draft.reports} changed={(reports) => set({ reports })} of={[["1", t("request.reports.all")], ["2", t("request.reports.failed")], ["0", t("request.reports.none")]]} />
      </div>
      <TextField id="id" label={t("request.id")} hint={optional(t("request.idHint"))} fault={faults.id} value={draft.id} changed={(id) => set({ id })} more={{ autocomplete: "off" }} />
    </section>
  );
}

function Cascade({ draft, set, faults }: Fields) {
  const text = { id: "cascade-text", label: t("request.cascadeText"), fault: faults.cascadeText };
  return (
    <section class="card">
      <h2>{t("request.cascade")}</h2>
      <div class="pair">
        <Choice id="cascade" label={t("request.cascadeBy")} hint={t("request.cascadeHint")} fault={faults.cascade} value={draft.cascade} changed={(cascade) => set({ cascade })} of={[["", t("request.cascadeNone")], ...CHANNELS.map((channel) => [channel, channelName(channel)] as const)]} />
        {draft.cascade && <Choice id="cascade-state" label={t("request.cascadeState")} value={draft.cascadeState} changed={(cascadeState) => set({ cascadeState })} of={[["DELIVERED", t("messageState.DELIVERED")], ["READ", t("messageState.READ")]]} />}
      </div>
      {draft.cascade && (
        <>
          <div class="pair">
            <TextField id="cascade-sender" label={t("request.cascadeSender")} hint={optional()} fault={faults.cascadeSender} value={draft.cascadeSender} changed={(cascadeSender) => set({ cascadeSender })} more={{ autocomplete: "off" }} />
            <TextField id="cascade-ttl" label={t("request.cascadeTtl")} hint={hintOf(draft.cascade)} fault={faults.cascadeTtl} value={draft.cascadeTtl} changed={(cascadeTtl) => set({ cascadeTtl })} more={{ inputMode: "numeric" }} />
          </div>
          <Field {...text}>
            <textarea {...described(text)} rows={3} value={draft.cascadeText} onInput={(event) => set({ cascadeText: event.currentTarget.value })} />
          </Field>
        </>
      )}
    </section>
  );
}

/** What would be sent, in two ways of writing; the password is in neither. */
function Written({ draft }: { draft: RequestDraft }) {
  const [kind, choose] = useState<"curl" | "json">("curl");
  const written = requestOf(draft, { login: userName(), password: "…" });
  const shown = kind === "curl" ? curlOf(location.origin, written) : JSON.stringify(written, null, 2);
  return (
    <section class="card">
      <h2>{t("request.written")}</h2>
      <div class="row choices" role="group" aria-label={t("request.written")}>
        <button type="button" aria-pressed={kind === "curl"} onClick={() => choose("curl")}>curl</button>
        <button type="button" aria-pressed={kind === "json"} onClick={() => choose("json")}>JSON</button>
        <Copied text={shown} label={t("request.written")} />
      </div>
      <pre tabIndex={0} class="wrapped" aria-label={kind}>{shown}</pre>
      {kind === "curl" && <p class="quiet">{t("request.curlHint")} <code>IFS= read -rs RPNS_PASSWORD</code></p>}
    </section>
  );
}

/** `isNew`: somebody waits for it, so it is brought where it is seen and heard. */
function Answered({ taken: { answer, usedAt }, isNew }: { taken: Taken; isNew: boolean }) {
  const part = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isNew) bringInView(part.current);
  }, []);
  return (
    <div ref={part} role="group" tabIndex={-1} aria-labelledby="answer" aria-describedby={usedAt === null ? undefined : "used-before"}>
      <h3 id="answer">{t("request.answer")}</h3>
      {usedAt !== null && <p id="used-before" class="failure">{t("request.usedBefore")} <Time at={usedAt} /></p>}
      <pre tabIndex={0} class="wrapped">{JSON.stringify(answer, null, 2)}</pre>
      <p><a href={href("support", answer.mtNum)}>{t("request.follow")}</a></p>
    </div>
  );
}

/** When a message of this id was accepted; the platform answers a second one as it answered the first, and sends nothing. */
async function usedBefore(id: string): Promise<number | null> {
  if (id === "") return null;
  const { messages } = await get(place("/v1/messages", { id, limit: 1 }));
  return messages.find((message) => message.id === id)?.createdAt ?? null;
}

function bringInView(part: HTMLElement | null): void {
  focusOn(part);
  part?.scrollIntoView({ block: "nearest" });
}
