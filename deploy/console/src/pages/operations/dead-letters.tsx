/** Records that were put aside: which, why, and what was done about them. `rest` is one: topic, partition, offset. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, type Schemas } from "../../documents";
import { Badge } from "../../parts/badge";
import { number, told } from "../../parts/figures";
import { useLive } from "../../parts/live";
import { LiveShown } from "../../parts/live-shown";
import { Empty } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t, type Key } from "../../words";
import { DeadLetter } from "./dead-letter";
import { Many } from "./dead-letters-many";
import { at } from "./place";

export type Letter = Schemas["LetterView"];

const EVERY_S = 15;
const MOST = 200;
const STATES = { open: "letters.open", done: "letters.done", all: "letters.all" } as const satisfies Record<string, Key>;
type State = keyof typeof STATES;

/** The values of its paths. */
export function partsOf(letterId: string) {
  const [topic = "", partition, offset] = letterId.split("/");
  return { topic, partition: Number(partition), offset: Number(offset) };
}

export function LetterState({ state }: { state: Letter["state"] }) {
  const kind = state === "open" ? "bad" : state === "redriving" || state === "unknown" ? "going" : "good";
  return <Badge state={t(`letters.state.${state}`)} kind={kind} raw={state} />;
}

export function DeadLetters({ rest }: { rest: string[] }) {
  return rest.length ? <DeadLetter id={rest.join("/")} /> : <Listed />;
}

function Listed() {
  const [state, setState] = useState<State>("open");
  const [topic, setTopic] = useState("");
  const [holding, setHolding] = useState("");
  const asked = place("/v1/dead-letters", { state, limit: MOST });
  const live = useLive(asked, (signal) => get(asked, signal), () => EVERY_S);
  return (
    <section class="card">
      <h2>{t("letters.title")}</h2>
      <div class="row filters">
        <div>
          <label for="letter-state">{t("letters.which")}</label>
          <select id="letter-state" value={state} onChange={(event) => setState(event.currentTarget.value as State)}>
            {Object.entries(STATES).map(([known, title]) => <option key={known} value={known}>{t(title)}</option>)}
          </select>
        </div>
        <div>
          <label for="letter-topic">{t("letters.topic")}</label>
          <select id="letter-topic" value={topic} onChange={(event) => setTopic(event.currentTarget.value)}>
            <option value="">{t("letters.anyTopic")}</option>
            {[...new Set([topic, ...(live.value ?? []).map((letter) => letter.topic)])].filter(Boolean).sort().map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </div>
        <div class="wide">
          <label for="letter-reason">{t("letters.holding")}</label>
          <input id="letter-reason" type="search" value={holding} onInput={(event) => setHolding(event.currentTarget.value)} />
        </div>
      </div>
      <LiveShown live={live} everyS={EVERY_S}>
        {(letters) => {
          const asked = holding.trim().toLowerCase();
          const shown = letters.filter((letter) => (!topic || letter.topic === topic) && letter.reason.toLowerCase().includes(asked));
          return shown.length === 0 ? <Empty>{t(letters.length ? "letters.noneSuch" : `letters.none.${state}`)}</Empty> : <Found letters={shown} again={live.again} />;
        }}
      </LiveShown>
    </section>
  );
}

function Found({ letters, again }: { letters: Letter[]; again: () => void }) {
  return (
    <>
      <Many letters={letters.filter((letter) => letter.state === "open")} done={again} />
      <Table
        label={t("letters.title")}
        rows={letters}
        id={(letter) => letter.letterId}
        columns={[
          { title: t("letters.at"), cell: (letter) => <Time at={letter.at} /> },
          { title: t("letters.letter"), cell: (letter) => <a href={at("dead-letters", ...letter.letterId.split("/"))}>{letter.letterId}</a> },
          { title: t("letters.type"), cell: (letter) => letter.type ?? "—" },
          { title: t("letters.state"), cell: (letter) => <LetterState state={letter.state} /> },
          { title: t("letters.reason"), cell: (letter) => letter.reason },
          { title: t("letters.size"), cell: (letter) => number(letter.size) },
        ]}
      />
      <p class="quiet">{told("letters.most", { count: MOST })}</p>
    </>
  );
}
