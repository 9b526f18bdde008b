/** All dead letters that are shown, sent again or let go one after another; what was refused is told. */

import { useState } from "preact/hooks";
import { ApiError, send } from "../../api";
import { placeOf } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { told } from "../../parts/figures";
import { t } from "../../words";
import { partsOf, type Letter } from "./dead-letters";

interface Refusal {
  letterId: string;
  why: string;
}

type Parts = ReturnType<typeof partsOf>;
const of = {
  redrive: (parts: Parts) => send("post", placeOf("post", "/v1/dead-letters/{topic}/{partition}/{offset}/redrive", parts), {}),
  discard: (parts: Parts) => send("post", placeOf("post", "/v1/dead-letters/{topic}/{partition}/{offset}/discard", parts), undefined),
};

/** Refusals of one record, which say nothing of the others. */
const OF_ONE = [400, 404, 409];

export function Many({ letters, done }: { letters: Letter[]; done: () => void }) {
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const [count, setCount] = useState(0);
  if (letters.length < 2 && refusals.length === 0) return null;
  const finished = (found: Refusal[]) => {
    setRefusals(found);
    done();
  };
  const each = async (what: "redrive" | "discard") => {
    const found: Refusal[] = [];
    setCount(0);
    for (const { letterId } of [...letters].reverse()) { // the oldest first
      try {
        await of[what](partsOf(letterId));
      } catch (error) {
        if (!(error instanceof ApiError && OF_ONE.includes(error.status))) throw error; // the next would fare no better
        found.push({ letterId, why: error.message });
      }
      setCount((last) => last + 1);
    }
    return found;
  };
  const progress = count > 0 ? <p role="status">{told("letters.progress", { count, all: letters.length })}</p> : null;
  return (
    <Allowed scope="operator">
      {letters.length > 1 && (
        <div class="row">
          <Ask label={told("letters.redriveAll", { count: letters.length })} title={told("letters.redriveAllTitle", { count: letters.length })} text={t("letters.redriveText")} run={() => each("redrive")} done={finished}>{progress}</Ask>
          <Ask label={told("letters.discardAll", { count: letters.length })} title={told("letters.discardAllTitle", { count: letters.length })} text={t("letters.discardText")} isDangerous run={() => each("discard")} done={finished}>{progress}</Ask>
        </div>
      )}
      {refusals.length > 0 && (
        <div class="failure" role="alert">
          <p><strong>{told("letters.refused", { count: refusals.length })}</strong></p>
          <ul>{refusals.map(({ letterId, why }) => <li key={letterId}>{letterId}: {why}</li>)}</ul>
        </div>
      )}
    </Allowed>
  );
}
