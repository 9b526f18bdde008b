/** The list of a mailing: what is in it, what is wrong with it, and while it is a draft another file instead. */

import { useState } from "preact/hooks";
import { ApiError, get } from "../../../api";
import { place } from "../../../documents";
import { number } from "../../../parts/figures";
import { Failure, Shown, useLoaded } from "../../../parts/states";
import { Table } from "../../../parts/table";
import { holds } from "../../../session";
import { t } from "../../../words";
import { changed, type Mailing, type ProblemsPage } from "../model";
import { Upload } from "./upload";

export function Recipients({ mailing, told, again }: { mailing: Mailing; told: (mailing: Mailing) => void; again: () => void }) {
  const { list } = mailing;
  const isDraft = mailing.state === "draft";
  return (
    <section class="card">
      <h2>{t("mailings.recipients")}</h2>
      {list === null ? (
        <>
          <p>{t("mailings.segmentIs")}</p>
          <pre tabIndex={0}>{JSON.stringify(mailing.segment, null, 2)}</pre>
        </>
      ) : (
        <>
          {list.nextLine > 1 && <Counted list={list} />}
          {isDraft && holds("operator") && <Upload mailing={mailing} again={again} />}
          {isDraft && holds("operator") && list.nextLine > 1 && <Rules mailing={mailing} told={told} />}
          {list.refused + list.repeated > 0 && <Problems key={`${list.refused} ${list.repeated}`} mailing={mailing} />}
        </>
      )}
    </section>
  );
}

function Counted({ list }: { list: NonNullable<Mailing["list"]> }) {
  return (
    <ul class="figures">
      <li class="delivered"><span class="quiet">{t("mailings.inList")}</span><strong>{number(list.accepted)}</strong></li>
      <li class={list.refused ? "failed" : "waiting"}><span class="quiet">{t("mailings.refused")}</span><strong>{number(list.refused)}</strong></li>
      <li class="waiting"><span class="quiet">{t("mailings.repeated")}</span><strong>{number(list.repeated)}</strong></li>
    </ul>
  );
}

/** What becomes of broken and of repeated lines. */
function Rules({ mailing, told }: { mailing: Mailing; told: (mailing: Mailing) => void }) {
  const [error, setError] = useState<unknown>(null);
  const change = async (changes: Parameters<typeof changed>[1]) => {
    setError(null);
    try {
      told(await changed(mailing.mailingId, changes));
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <div class="rules">
      {(mailing.list?.refused ?? 0) > 0 && mailing.onBadLines === "refuse" && <p class="notice">{t("mailings.badHoldUp")}</p>}
      {(mailing.list?.refused ?? 0) > 0 && (
        <label class="tick">
          <input type="checkbox" checked={mailing.onBadLines === "skip"} onChange={(event) => void change({ onBadLines: event.currentTarget.checked ? "skip" : "refuse" })} /> {t("mailings.skipBad")}
        </label>
      )}
      <label class="tick">
        <input type="checkbox" checked={mailing.onRepeated === "send"} onChange={(event) => void change({ onRepeated: event.currentTarget.checked ? "send" : "skip" })} /> {t("mailings.sendRepeated")}
      </label>
      {error !== null && <Failure error={error} />}
    </div>
  );
}

const PAGE = 50;

function Problems({ mailing }: { mailing: Mailing }) {
  const [isOpen, open] = useState(false);
  return (
    <details onToggle={(event) => open(event.currentTarget.open)}>
      <summary>{t("mailings.problems")}</summary>
      {isOpen && <FirstProblems id={mailing.mailingId} />}
    </details>
  );
}

function problemsOf(id: string, after: number, signal?: AbortSignal): Promise<ProblemsPage> {
  return get(place("/v1/mailings/{any_id}/problems", { any_id: id }, { after, limit: PAGE }), signal);
}

function FirstProblems({ id }: { id: string }) {
  const [loaded, again] = useLoaded(id, (signal) => problemsOf(id, 0, signal));
  if (loaded.is === "failed" && loaded.error instanceof ApiError && loaded.error.status === 403) return <p class="notice">{t("mailings.problemsNeedSupport")}</p>;
  return <Shown loaded={loaded} again={again}>{(first) => <Listing id={id} first={first} />}</Shown>;
}

function Listing({ id, first }: { id: string; first: ProblemsPage }) {
  const [pages, setPages] = useState([first]);
  const [error, setError] = useState<unknown>(null);
  const after = pages.at(-1)?.after ?? null;
  const more = async (line: number) => {
    setError(null);
    try {
      setPages([...pages, await problemsOf(id, line)]);
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <>
      <Table
        label={t("mailings.problems")}
        rows={pages.flatMap((page) => page.problems)}
        id={(problem) => `${problem.line} ${problem.field}`}
        columns={[
          { title: t("mailings.line"), cell: (problem) => number(problem.line) },
          { title: t("mailings.column"), cell: (problem) => problem.field },
          { title: t("mailings.rule"), cell: (problem) => problem.rule },
        ]}
      />
      {error !== null && <Failure error={error} />}
      {after !== null && <button type="button" onClick={() => void more(after)}>{t("mailings.moreProblems")}</button>}
    </>
  );
}
