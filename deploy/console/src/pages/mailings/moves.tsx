/** Start, pause, resume and cancel, each after a question that says how many it is about. */

import { useState } from "preact/hooks";
import { send } from "../../api";
import { placeOf } from "../../documents";
import { Dialog } from "../../parts/dialog";
import { told } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { MomentField } from "../../parts/moment-field";
import { Failure } from "../../parts/states";
import { useSubmission } from "../../parts/submission";
import { holds } from "../../session";
import { t } from "../../words";
import { Made } from "./forecast";
import { isWhole, type Mailing, type State } from "./model";

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
  const [asked, ask] = useKept<Move | null>(formHere("move"), null);
  if (!holds("operator")) return null;
  const moves = mailing.state === "done" && !mailing.stoppable ? [] : MOVES[mailing.state];
  const lacksList = moves.includes("start") && !isWhole(mailing);
  const done = (after: Mailing) => {
    ask(null);
    moved(after);
    requestAnimationFrame(() => document.querySelector<HTMLElement>("h1")?.focus()); // the button that was pressed is gone
  };
  return (
    <div class="row">
      {moves.map((move) => (
        <button key={move} type="button" class={move === "start" || move === "resume" ? "main" : move === "cancel" ? "danger" : ""} disabled={move === "start" && lacksList} aria-describedby={move === "start" && lacksList ? "lacks-list" : undefined} onClick={() => ask(move)}>
          {t(move === "cancel" && mailing.state === "draft" ? "mailings.discard" : `mailings.move.${move}`)}
        </button>
      ))}
      {lacksList && <span id="lacks-list" class="quiet">{t("mailings.startNeedsList")}</span>}
      {asked !== null && <Question move={asked} mailing={mailing} done={done} closed={() => ask(null)} />}
    </div>
  );
}

function Question({ move, mailing, done, closed }: { move: Move; mailing: Mailing; done: (after: Mailing) => void; closed: () => void }) {
  const [at, setAt] = useKept(formHere("start"), "");
  const [forecast, became] = useState<"loading" | "failed" | "there">("loading");
  const isDraft = mailing.state === "draft";
  const isUnforeseen = move === "start" && forecast === "failed";
  const isEarly = move === "start" && forecast === "loading";
  const run = () => {
    const about = { any_id: mailing.mailingId };
    if (move !== "start") return send("post", placeOf("post", `/v1/mailings/{any_id}/${move}`, about), undefined);
    return send("post", placeOf("post", "/v1/mailings/{any_id}/start", about, { at: at || null }), undefined);
  };
  const { submitted, isRunning, error } = useSubmission(run, done);
  return (
    <Dialog title={told(isDraft && move === "cancel" ? "mailings.ask.discard" : `mailings.ask.${move}`, { name: mailing.name })} closed={closed}>
      <form onSubmit={submitted}>
        {!isDraft && <Certain move={move} mailing={mailing} />}
        {move === "start" && <Made id={mailing.mailingId} became={became} />}
        <p>{t(isDraft && move === "cancel" ? "mailings.ask.discardMeans" : `mailings.ask.${move}Means`)}</p>
        {move === "start" && (
          <MomentField id="start-at" label={t("mailings.ask.at")} value={at} changed={setAt} />
        )}
        {error !== null && <Failure error={error} />}
        <div class="row end">
          {isEarly && <span id="is-early" class="quiet">{t("mailings.ask.wait")}</span>}
          <button type="button" autofocus onClick={closed}>{t("mailings.ask.no")}</button>
          <button type="submit" class={move === "cancel" ? "danger" : "main"} disabled={isRunning || isEarly} aria-describedby={isEarly ? "is-early" : undefined}>
            {t(isUnforeseen ? "mailings.ask.unforeseen" : isDraft && move === "cancel" ? "mailings.discard" : `mailings.move.${move}`)}
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
      {isCancel && mailing.senders !== null && mailing.senders.length > 1 && <li>{t("mailings.ask.follow")}</li>}
    </ul>
  );
}
