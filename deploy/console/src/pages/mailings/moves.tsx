/** Start, pause, resume and cancel, each after a question that says how many it is about. */

import { useState } from "preact/hooks";
import { send } from "../../api";
import { placeOf } from "../../documents";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { told } from "../../parts/figures";
import { Failure } from "../../parts/states";
import { useSubmission } from "../../parts/submission";
import { holds } from "../../session";
import { t } from "../../words";
import { Made } from "./forecast";
import { isWhole, type Mailing, type State } from "./model";
import { isSettled } from "./outcomes";

type Move = "start" | "pause" | "resume" | "cancel";

const MOVES: Record<State, readonly Move[]> = {
  draft: ["start", "cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: ["pause", "cancel"],
  cancelled: [],
  unknown: [],
};

export function Moves({ mailing, moved }: { mailing: Mailing; moved: (mailing: Mailing) => void }) {
  const [asked, ask] = useState<Move | null>(null);
  if (!holds("operator")) return null;
  const moves = isSettled(mailing) ? [] : MOVES[mailing.state];
  const done = (after: Mailing) => {
    ask(null);
    moved(after);
    requestAnimationFrame(() => document.querySelector<HTMLElement>("h1")?.focus()); // the button that was pressed is gone
  };
  return (
    <div class="row">
      {moves.map((move) => (
        <button key={move} type="button" class={move === "start" || move === "resume" ? "main" : move === "cancel" ? "danger" : ""} disabled={move === "start" && !isWhole(mailing)} onClick={() => ask(move)}>
          {t(move === "cancel" && mailing.state === "draft" ? "mailings.discard" : `mailings.move.${move}`)}
        </button>
      ))}
      {asked !== null && <Question move={asked} mailing={mailing} done={done} closed={() => ask(null)} />}
    </div>
  );
}

function Question({ move, mailing, done, closed }: { move: Move; mailing: Mailing; done: (after: Mailing) => void; closed: () => void }) {
  const [at, setAt] = useState("");
  const isDraft = mailing.state === "draft";
  const run = () => {
    const about = { any_id: mailing.mailingId };
    if (move !== "start") return send("post", placeOf("post", `/v1/mailings/{any_id}/${move}`, about), undefined);
    const when = at === "" ? null : new Date(at).toISOString();
    return send("post", placeOf("post", "/v1/mailings/{any_id}/start", about, { at: when }), undefined);
  };
  const { submitted, isRunning, error } = useSubmission(run, done);
  return (
    <Dialog title={told(isDraft && move === "cancel" ? "mailings.ask.discard" : `mailings.ask.${move}`, { name: mailing.name })} closed={closed}>
      <form onSubmit={submitted}>
        {!isDraft && <Certain move={move} mailing={mailing} />}
        {move === "start" && <Made id={mailing.mailingId} />}
        <p>{t(isDraft && move === "cancel" ? "mailings.ask.discardMeans" : `mailings.ask.${move}Means`)}</p>
        {move === "start" && (
          <TextField id="start-at" label={t("mailings.ask.at")} hint={t("mailings.ask.atHint")} value={at} changed={setAt} more={{ type: "datetime-local" }} />
        )}
        {error !== null && <Failure error={error} />}
        <div class="row end">
          <button type="button" autofocus onClick={closed}>{t("mailings.ask.no")}</button>
          <button type="submit" class={move === "cancel" ? "danger" : "main"} disabled={isRunning}>
            {t(isDraft && move === "cancel" ? "mailings.discard" : `mailings.move.${move}`)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is certain at this moment: of what is planned and has no outcome yet nobody can say whether it was sent. */
function Certain({ move, mailing }: { move: Move; mailing: Mailing }) {
  const { unplanned, pending, sent } = mailing.progress;
  const isCancel = move === "cancel";
  return (
    <ul>
      {unplanned !== 0 && <li><strong>{unplanned === null ? t("mailings.ask.segment") : told("mailings.ask.unplanned", { count: unplanned })}</strong>{isCancel && <> {t("mailings.ask.getNothing")}</>}</li>}
      {pending > 0 && <li><strong>{told("mailings.ask.pending", { count: pending })}</strong>{isCancel && <> {t("mailings.ask.pendingMeans")}</>}</li>}
      <li>{told("mailings.ask.sent", { count: sent })}</li>
    </ul>
  );
}
