/** What an operator does for one customer: a test push, and forgetting them. */

import { useState } from "preact/hooks";
import { get, send } from "../api";
import { place as at, placeOf, type Answer } from "../documents";
import { Ask } from "../parts/ask";
import { Badge } from "../parts/badge";
import { Choice, TextField } from "../parts/field";
import { told } from "../parts/figures";
import { formHere, useKept } from "../parts/kept-form";
import { useLive } from "../parts/live";
import { Failure, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { href } from "../router";
import { holds, isPortal } from "../session";
import { uuid } from "../uuid";
import { t } from "../words";

export type Field = "phone" | "user";

/** Who was looked for, as it was typed. */
export interface Customer {
  field: Field;
  asked: string;
}

export function CustomerActions({ customer }: { customer: Customer }) {
  if (isPortal || !holds("operator")) return null;
  return (
    <section class="card">
      <h2>{t("support.actions")}</h2>
      <div class="stacked">
        <div><TestPush customer={customer} /></div>
        <div><Forget customer={customer} /></div>
      </div>
    </section>
  );
}

interface Sender {
  partnerId: string;
  serviceNumber: string;
}

/** Every sender that is switched on, of partners that are. */
async function senders(signal: AbortSignal): Promise<Sender[]> {
  const partners = await get(at("/v1/partners"), signal);
  const enabled = partners.filter((partner) => partner.enabled);
  const found = await Promise.all(
    enabled.map(async ({ partnerId }) => {
      const numbers = await get(at("/v1/partners/{partner_id}/senders", { partner_id: partnerId }), signal);
      return numbers.filter((number) => number.enabled).map(({ serviceNumber }) => ({ partnerId, serviceNumber }));
    }),
  );
  return found.flat();
}

function TestPush({ customer }: { customer: Customer }) {
  const [wanted, want] = useKept(formHere("test-push"), false);
  return wanted ? <TestPushForm customer={customer} /> : <button type="button" onClick={() => want(true)}>{t("testPush.open")}</button>;
}

function TestPushForm({ customer }: { customer: Customer }) {
  const [loaded, again] = useLoaded("senders", senders);
  return (
    <Shown loaded={loaded} again={again}>
      {(found) => (found.length === 0 ? <p>{t("testPush.nobody")}</p> : <TestPushFields customer={customer} senders={found} />)}
    </Shown>
  );
}

/** `text` null: nobody has typed another. `id`: one for each push, so that pressing twice sends one. */
interface Push {
  sender: string;
  text: string | null;
  id: string;
}

function nameOf({ partnerId, serviceNumber }: Sender): string {
  return `${partnerId}: ${serviceNumber}`;
}

function TestPushFields({ customer, senders }: { customer: Customer; senders: Sender[] }) {
  const [push, hold] = useKept<Push>(formHere("test-push", "fields"), { sender: "", text: null, id: uuid() });
  const [sent, setSent] = useState<string | null>(null);
  const text = push.text ?? t("testPush.words");
  const id = push.id;
  const sender = senders.find((known) => nameOf(known) === push.sender) ?? senders[0]!; // there is one at least
  const set = (changes: Partial<Push>) => hold((last) => ({ ...last, ...changes }));
  const taken = (messageId: string) => {
    setSent(messageId);
    set({ id: uuid() });
  };
  const run = () =>
    send("post", placeOf("post", "/v1/test-pushes"), { ...sender, ...recipient(customer, "user"), text, id });
  return (
    <div class="wide">
      <Choice
        id="test-push-sender"
        label={t("testPush.sender")}
        value={nameOf(sender)}
        changed={(chosen) => set({ sender: chosen })}
        of={senders.map((known) => [nameOf(known), nameOf(known)] as const)}
      />
      <TextField id="test-push-text" label={t("support.text")} value={text} changed={(typed) => set({ text: typed })} more={{ maxLength: 1000, required: true }} />
      <Ask
        label={t("testPush.send")}
        title={t("testPush.title")}
        text={told("testPush.text", { partner: sender.partnerId })}
        isDisabled={text.trim() === ""}
        run={run}
        done={({ messageId }) => taken(messageId)}
      />
      {sent !== null && (
        <p role="status">
          {t("testPush.sent")} <a href={href("support", sent)}>{sent}</a>
        </p>
      )}
    </div>
  );
}

type Preview = Answer<"/v1/erasures/preview", "post">;
type Person = Preview["persons"][number];

function Forget({ customer }: { customer: Customer }) {
  const [erasure, setErasure] = useState<string | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [typed, setTyped] = useState("");
  const body = recipient(customer, "externalUserId");
  if (erasure !== null) return <Forgotten id={erasure} />;
  if (preview === null) {
    return (
      <Ask
        label={t("forget.open")}
        title={t("forget.look")}
        text={t("forget.lookText")}
        confirm={t("forget.lookNow")}
        run={() => send("post", placeOf("post", "/v1/erasures/preview"), body)}
        done={setPreview}
      />
    );
  }
  return (
    <div class="wide">
      <p>{t("forget.reach")}</p>
      <People title={t("forget.persons")} people={preview.persons} />
      {preview.leftOut.length > 0 && <People title={t("forget.leftOut")} people={preview.leftOut} />}
      <TextField id="forget-typed" label={t("forget.type")} value={typed} changed={setTyped} more={{ autoComplete: "off" }} />
      <Ask
        label={t("forget.run")}
        title={t("forget.title")}
        text={t("forget.text")}
        isDangerous
        isDisabled={typed.trim() !== customer.asked}
        run={() => send("post", placeOf("post", "/v1/erasures"), body)}
        done={({ erasureId }) => setErasure(erasureId)}
      />
    </div>
  );
}

function People({ title, people }: { title: string; people: Person[] }) {
  return (
    <Table
      label={title}
      rows={people}
      id={(person) => `${person.kind}/${person.value}`}
      columns={[
        { title, cell: (person) => t(person.kind === "phone" ? "forget.phone" : "support.user") },
        { title: t("forget.value"), cell: (person) => person.value },
      ]}
    />
  );
}

const LOOK_S = 1;

function Forgotten({ id }: { id: string }) {
  const where = at("/v1/erasures/{erasure_id}", { erasure_id: id });
  const live = useLive(where, (signal) => get(where, signal), ({ state }) => (state === "done" ? null : LOOK_S));
  const erasure = live.value;
  const failing = Object.keys(erasure?.failing ?? {}).sort(); // a former release has none
  return (
    <div class="wide" role="status">
      {live.error !== null && <Failure error={live.error} retry={live.again} />}
      {erasure !== null && (
        <>
          <p>
            <Badge state={t(erasure.state === "done" ? "forget.done" : "forget.underWay")} kind={erasure.state === "done" ? "good" : "going"} raw={erasure.state} />
          </p>
          <p>
            {told("forget.proof", { gone: erasure.keys.filter((key) => !key.derivable).length, all: erasure.keys.length, id: erasure.erasureId })}
          </p>
          {failing.length > 0 && <p>{told("forget.failing", { steps: failing.join(", ") })}</p>}
        </>
      )}
    </div>
  );
}

/** As the bodies name somebody. */
function recipient({ field, asked }: Customer, user: string): Record<string, string> {
  return field === "phone" ? { phone: asked.replace(/[^\d+]/g, "") } : { [user]: asked };
}
