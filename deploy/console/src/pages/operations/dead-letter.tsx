/** One dead letter: where it comes from and why it was put aside; its content on demand; what is to become of it. */

import { useState } from "preact/hooks";
import { get, send } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { byWhom } from "../../parts/by-whom";
import { number, told } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { Shown, useLoaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { LetterState, partsOf, type Letter } from "./dead-letters";
import { at } from "./place";

type Done = Schemas["DoneView"];

export function DeadLetter({ id }: { id: string }) {
  const [loaded, again] = useLoaded(id, (signal) => get(place("/v1/dead-letters/{topic}/{partition}/{offset}", partsOf(id)), signal));
  const [done, tell] = useState<Done | null>(null);
  const finished = (found: Done) => {
    tell(found);
    again();
  };
  return (
    <>
      <p><a href={at("dead-letters")}>{t("letters.back")}</a></p>
      {done && <p class="notice good" role="status">{t(`letters.now.${done.state}`)} {done.failureWithdrawn && t("letters.withdrawn")}</p>}
      <Shown loaded={loaded} again={again}>{(letter) => <Told letter={letter} done={finished} />}</Shown>
    </>
  );
}

function Told({ letter, done }: { letter: Letter; done: (found: Done) => void }) {
  const [content, setContent] = useState<string | null>(null);
  return (
    <>
      <section class="card">
        <h2>{letter.letterId} <LetterState state={letter.state} /></h2>
        <dl>
          <dt>{t("letters.reason")}</dt><dd>{letter.reason}</dd>
          <dt>{t("letters.at")}</dt><dd><Time at={letter.at} /></dd>
          <dt>{t("letters.topic")}</dt><dd>{letter.topic}</dd>
          <dt>{t("letters.place")}</dt><dd>{letter.place || "—"}</dd>
          <dt>{t("letters.type")}</dt><dd>{letter.type ?? "—"}</dd>
          <dt>{t("letters.key")}</dt><dd>{letter.key || "—"}</dd>
          <dt>{t("letters.size")}</dt><dd>{number(letter.size)}{letter.isCut && ` (${t("letters.cut")})`}</dd>
          {letter.failure && <><dt>{t("letters.failure")}</dt><dd>{letter.failure}</dd></>}
          {letter.by && <><dt>{t("letters.by")}</dt><dd>{byWhom(letter.by)}, <Time at={letter.doneAt} /></dd></>}
        </dl>
        {(letter.state === "open" || letter.state === "redriving") && <Actions letter={letter} content={content} done={done} />}
      </section>
      <Allowed scope="support">
        <section class="card">
          <h2>{t("letters.content")}</h2>
          {content === null ? <Content id={letter.letterId} told={setContent} /> : <pre class="wrapped" tabIndex={0}>{content || t("letters.empty")}</pre>}
        </section>
      </Allowed>
    </>
  );
}

/** It may hold what is personal, so nobody sees it unasked. */
function Content({ id, told }: { id: string; told: (content: string) => void }) {
  return (
    <Ask
      label={t("letters.showContent")}
      title={t("letters.showContentTitle")}
      text={t("letters.personal")}
      run={() => get(place("/v1/dead-letters/{topic}/{partition}/{offset}/content", partsOf(id)))}
      done={({ value }) => told(value ?? "")}
    />
  );
}

function Actions({ letter, content, done }: { letter: Letter; content: string | null; done: (found: Done) => void }) {
  const [mended, setMended] = useKept(formHere("mended"), "");
  const parts = partsOf(letter.letterId);
  const redrive = (value: string) => send("post", placeOf("post", "/v1/dead-letters/{topic}/{partition}/{offset}/redrive", parts), value.trim() ? { value } : {});
  const discard = () => send("post", placeOf("post", "/v1/dead-letters/{topic}/{partition}/{offset}/discard", parts), undefined);
  return (
    <Allowed scope="operator">
      <div class="row">
        <Ask
          label={t("letters.redrive")}
          title={told("letters.redriveTitle", { letter: letter.letterId })}
          text={t("letters.redriveText")}
          run={() => redrive(mended)}
          done={done}
        >
          <label for="mended">{t("letters.mended")}</label>
          <textarea id="mended" rows={6} spellcheck={false} value={mended} onInput={(event) => setMended(event.currentTarget.value)} />
          {content && <button type="button" class="link" onClick={() => setMended(content)}>{t("letters.asItWas")}</button>}
        </Ask>
        <Ask
          label={t("letters.discard")}
          title={told("letters.discardTitle", { letter: letter.letterId })}
          text={t("letters.discardText")}
          isDangerous
          run={discard}
          done={done}
        />
      </div>
    </Allowed>
  );
}
