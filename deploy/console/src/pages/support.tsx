/** Support: what became of a customer's messages, and why. `rest` of the address is an id of a message, never a phone. */

import { useEffect, useState } from "preact/hooks";
import { ApiError, request, withQuery } from "../api";
import { MessageBadge } from "../parts/badge";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { href } from "../router";
import { t } from "../words";
import { CustomerActions } from "./support-customer";
import { Devices } from "./support-devices";
import { MessageTrace } from "./support-message";

export interface Reason {
  name: string;
  errorCode: number;
  words: string;
}

export interface Summary {
  messageId: string;
  partnerId: string;
  channel: string | null;
  state: string;
  reason: Reason | null;
  explanation: string;
  phone: string | null;
  externalUserId: string | null;
  text: string | null;
  createdAt: number;
}

interface Found {
  messages: Summary[];
  cursor: string | null;
}

type Field = "id" | "phone" | "user";
interface Answer extends Found {
  field: Field;
}

const PAGE = 20;

export function Support({ rest }: { rest: string }) {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  const submitted = (event: Event) => {
    event.preventDefault();
    setAsked(typed.trim());
    if (rest) location.hash = href("support");
  };
  return (
    <>
      <h1>{t("support.title")}</h1>
      <form class="row card" role="search" onSubmit={submitted}>
        <div class="wide">
          <label for="search">{t("support.field")}</label>
          <input id="search" type="search" autocomplete="off" required value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </div>
        <button type="submit" class="main">{t("support.search")}</button>
      </form>
      {rest ? <MessageTrace key={rest} id={rest} /> : asked ? <Results key={asked} asked={asked} /> : <Empty>{t("support.hint")}</Empty>}
    </>
  );
}

function Results({ asked }: { asked: string }) {
  const [loaded, again] = useLoaded(asked, (signal) => search(asked, signal));
  return (
    <Shown loaded={loaded} again={again}>
      {(answer) => <Listing asked={asked} answer={answer} />}
    </Shown>
  );
}

function Listing({ asked, answer }: { asked: string; answer: Answer }) {
  const [pages, setPages] = useState<Found[]>([answer]);
  const [cursor, setCursor] = useState<string | null>(null);
  const messages = pages.flatMap((page) => page.messages);
  const next = pages.at(-1)?.cursor ?? null;
  return (
    <>
      <section class="card">
        <h2>{t("support.messages")}</h2>
        {messages.length === 0 ? (
          <Empty>{t("support.none")}</Empty>
        ) : (
          <Table
            label={t("support.messages")}
            rows={messages}
            id={(message) => message.messageId}
            columns={[
              { title: t("support.created"), cell: (message) => <Time at={message.createdAt} /> },
              { title: t("support.state"), cell: (message) => <MessageBadge state={message.state} /> },
              { title: t("support.message"), cell: (message) => <a href={href("support", message.messageId)}>{message.messageId}</a> },
              { title: t("support.channel"), cell: (message) => message.channel ?? "—" },
              { title: t("support.why"), cell: (message) => message.explanation },
            ]}
          />
        )}
        {cursor !== null && cursor === next ? (
          <Older asked={asked} field={answer.field} cursor={cursor} told={(page) => setPages([...pages, page])} />
        ) : (
          next !== null && <button type="button" onClick={() => setCursor(next)}>{t("support.more")}</button>
        )}
      </section>
      {answer.field !== "id" && (
        <>
          <Devices query={{ [answer.field]: asked }} />
          <CustomerActions customer={{ field: answer.field, asked }} />
        </>
      )}
    </>
  );
}

function Older(props: { asked: string; field: Field; cursor: string; told: (page: Found) => void }) {
  const [loaded, again] = useLoaded(props.cursor, (signal) => page(props.field, props.asked, props.cursor, signal));
  useEffect(() => {
    if (loaded.is === "there") props.told(loaded.value);
  }, [loaded]);
  return <Shown loaded={loaded} again={again}>{() => null}</Shown>;
}

/** Tried as an id, then as a phone if it looks like one, then as a user id, as `rpns why` does. */
async function search(asked: string, signal: AbortSignal): Promise<Answer> {
  const digits = asked.replace(/\D/g, "").length;
  const isPhone = digits >= 7 && digits <= 16 && /^[\d+\-() .]+$/.test(asked);
  const fields: Field[] = isPhone ? ["id", "phone", "user"] : ["id", "user"];
  for (const field of fields) {
    try {
      const found = await page(field, asked, null, signal);
      if (found.messages.length) return { ...found, field };
    } catch (error) {
      if (!(field === "phone" && error instanceof ApiError && error.status === 400)) throw error;
    }
  }
  return { messages: [], cursor: null, field: isPhone ? "phone" : "user" };
}

function page(field: Field, asked: string, cursor: string | null, signal: AbortSignal): Promise<Found> {
  return request<Found>(withQuery("/v1/messages", { [field]: asked, limit: PAGE, cursor, masked: true }), { signal });
}
