/** What became of a customer's messages, and why: for support, and for a partner of its own, which may look through all of
    them. `rest` of the address is an id of a message, never a phone. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { place } from "../documents";
import { MessageBadge } from "../parts/badge";
import { channelName } from "../parts/channel-name";
import { told } from "../parts/figures";
import { focusOn } from "../parts/kept-focus";
import { useKept } from "../parts/kept-form";
import { useLive, type Stream } from "../parts/live";
import { LiveLine } from "../parts/live-shown";
import { Stale } from "../parts/stale";
import { Empty, Loading, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { href } from "../router";
import { isPortal } from "../session";
import { t } from "../words";
import { ShortAdvice, ShortSide } from "./support-advice";
import { CustomerActions, type Customer } from "./support-customer";
import { Devices } from "./support-devices";
import { EVERYTHING, faultOf, FilterFields, isOpen, WithoutMailings, type Filter } from "./support-filter";
import { MessageTrace } from "./support-message";
import { short } from "./support-names";
import { page, search, type Found, type Group, type Question } from "./support-search";

const MOST_OF_TEXT = 60;
const EVERY_S = 10;

export function Support({ rest }: { rest: string }) {
  const [typed, setTyped] = useKept("support typed", "");
  const [filter, setFilter] = useKept("support filter", EVERYTHING);
  const [asked, ask] = useKept("support asked", { text: "", filter: EVERYTHING, round: 0 });
  const find = (text: string, wanted: Filter) => {
    ask(({ round }) => ({ text, filter: wanted, round: round + 1 }));
    if (rest) location.hash = href("support");
  };
  const submitted = (event: Event) => {
    event.preventDefault();
    if (!faultOf(filter)) find(typed.trim(), filter);
  };
  const chosen = (wanted: Filter) => {
    setFilter(wanted);
    if (asked.text || isPortal) find(asked.text, wanted);
  };
  const key = JSON.stringify(asked);
  const about = { asked: asked.text, filter: asked.filter, isWanted: asked.round > 0 };
  return (
    <>
      <h1>{t(isPortal ? "portal.messages" : "support.title")}</h1>
      <form class="card" role="search" onSubmit={submitted}>
        <div class="row">
          <div class="wide">
            <label for="search">{t(isPortal ? "portal.field" : "support.field")}</label>
            <input id="search" type="search" autocomplete="off" required={!isPortal} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </div>
          <button type="submit" class="main">{t("support.search")}</button>
        </div>
        <WithoutMailings filter={filter} chosen={chosen} />
        <FilterFields filter={filter} changed={setFilter} chosen={chosen} />
      </form>
      {rest ? <MessageTrace key={rest} id={rest} /> : isPortal ? <OwnResults key={key} {...about} /> : asked.text ? <Results key={key} {...about} /> : <Empty>{t("support.hint")}</Empty>}
    </>
  );
}

/** `isWanted`: somebody has searched, so the focus goes to what was found. */
interface Search {
  asked: string;
  filter: Filter;
  isWanted: boolean;
}

/** An operator's search is recorded, so it is asked for once. */
function Results(about: Search) {
  const [loaded, again] = useLoaded("", (signal) => search(about.asked, about.filter, signal));
  return <Shown loaded={loaded} again={again}>{(groups) => <ResultsShown {...about} groups={groups} />}</Shown>;
}

/** A partner's are live until older pages are opened: those begin where the first one ended. */
function OwnResults(about: Search) {
  const isPaged = useRef(false);
  const [isStill, still] = useState(false);
  const paged = () => {
    isPaged.current = true;
    still(true);
  };
  const stream: Stream<Group[]> = { path: place("/v1/events", { brief: true }), isWanted: () => !isPaged.current };
  const live = useLive("", (signal) => search(about.asked, about.filter, signal), () => (isPaged.current ? null : EVERY_S), stream);
  const line = <LiveLine live={{ ...live, isStreamed: live.isStreamed && !isStill }} everyS={isStill ? null : EVERY_S} />;
  return (
    <>
      <Stale live={live} />
      {live.value !== null ? <ResultsShown {...about} groups={live.value} line={line} paged={paged} /> : live.error === null && <Loading />}
    </>
  );
}

/** The `line` stands above: a list may be long. */
function ResultsShown({ asked, groups, isWanted, line, paged }: Search & { groups: Group[]; line?: ComponentChildren; paged?: () => void }) {
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isWanted) focusOn(top.current);
  }, []);
  const count = groups.reduce((sum, { messages }) => sum + messages.length, 0);
  const hasMore = groups.some(({ cursor }) => cursor !== null);
  return (
    <div ref={top} role="group" tabIndex={-1} aria-label={t("support.results")}>
      <p class="quiet" role="status">{told(hasMore ? "support.foundNewest" : "support.found", { count })}</p>
      {line}
      {groups.map((group) => <Listing key={group.question.field} group={group} isAlone={groups.length === 1} paged={paged} />)}
      {groups.map(({ question: { field } }) => field !== "id" && field !== "all" && <OfCustomer key={field} customer={{ field, asked }} />)}
    </div>
  );
}

const TITLES = { id: "support.ofId", phone: "support.ofPhone", user: "support.ofUser", all: "portal.allMessages" } as const;

function Listing({ group, isAlone, paged }: { group: Group; isAlone: boolean; paged: (() => void) | undefined }) {
  const { question } = group;
  const { field, filter } = question;
  const [older, setOlder] = useState<Found[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  useInSameWords(group, older, (found) => {
    setOlder(found);
    if (found.length < older.length) setCursor(null);
  });
  const pages = [group, ...older];
  const messages = pages.flatMap((page) => page.messages);
  const next = pages.at(-1)?.cursor ?? null;
  const title = t(TITLES[field]);
  const more = () => {
    setCursor(next);
    paged?.();
  };
  return (
    <section class="card">
      <h2>{title}</h2>
      {messages.length === 0 ? (
        <Empty>{filter.isWithoutMailings && field !== "id" ? t("support.noneWithoutMailings") : field === "all" ? t(isOpen(filter) ? "portal.none" : "portal.noneFits") : t(`${isAlone && field !== "phone" ? "support.none" : "support.noneToPhone"}${isOpen(filter) ? "" : "Fits"}`)}</Empty>
      ) : (
        <Table
          label={title}
          rows={messages}
          id={(message) => message.messageId}
          columns={[
            { title: t("support.created"), cell: (message) => <Time at={message.createdAt} /> },
            { title: t("support.state"), cell: ({ state, reason }) => <><MessageBadge state={state} />{reason !== null && <ShortSide side={reason.side} />}</> },
            { title: t("support.message"), cell: named },
            ...(isPortal ? [{ title: t("support.recipient"), cell: recipientOf }] : []),
            { title: t("support.channel"), cell: ({ channel, sender, partnerId }) => <>{channelName(channel)}<div class="quiet">{[sender, isPortal ? null : partnerId].filter(Boolean).join(" · ")}</div></> },
            { title: t("support.why"), cell: ({ explanation, reason }) => <>{explanation}{reason !== null && <ShortAdvice reason={reason} />}</> },
          ]}
        />
      )}
      {cursor !== null && cursor === next ? (
        <Older question={question} cursor={cursor} told={(page) => setOlder([...older, page])} />
      ) : (
        next !== null && <button type="button" onClick={more}>{t("support.more")}</button>
      )}
    </section>
  );
}

/** Where the first page has been asked for again, in another language, so are as many older ones. Those that do not come
    are dropped: then they are offered as they were at first. */
function useInSameWords({ question, cursor }: Group, older: readonly Found[], told: (found: Found[]) => void): void {
  const last = useRef(question);
  useEffect(() => {
    if (last.current === question) return;
    last.current = question;
    const control = new AbortController();
    const found: Found[] = [];
    const read = async () => {
      for (let next = cursor; next !== null && found.length < older.length; next = found.at(-1)?.cursor ?? null) found.push(await page(question, next, control.signal));
    };
    read().catch(() => undefined).finally(() => control.signal.aborted || told(found));
    return () => control.abort();
  }, [question]);
}

type Summary = Found["messages"][number];

/** By what tells it from its neighbours: its words where they may be shown, the partner's id, and the end of its own. */
function named({ messageId, id, title, text }: Summary) {
  const words = isPortal ? (title ?? text) : null;
  return (
    <>
      {words && <div>{beginning(words)}</div>}
      {id && <div class="long">{id}</div>}
      <a class="nowrap" href={href("support", messageId)} title={messageId}>{short(messageId)}</a>
    </>
  );
}

function beginning(text: string): string {
  return text.length > MOST_OF_TEXT ? `${text.slice(0, MOST_OF_TEXT)}…` : text;
}

/** As the partner named it: an operator sees nobody before asking. */
function recipientOf({ phone, externalUserId }: Summary) {
  return <>{phone && <div class="nowrap">+{phone}</div>}{externalUserId && <div>{externalUserId}</div>}</>;
}

function OfCustomer({ customer }: { customer: Customer }) {
  return (
    <>
      <Devices query={{ [customer.field]: customer.asked }} />
      <CustomerActions customer={customer} />
    </>
  );
}

function Older(props: { question: Question; cursor: string; told: (page: Found) => void }) {
  const [loaded, again] = useLoaded(props.cursor, (signal) => page(props.question, props.cursor, signal));
  useEffect(() => {
    if (loaded.is === "there") props.told(loaded.value);
  }, [loaded]);
  return <Shown loaded={loaded} again={again}>{() => null}</Shown>;
}
