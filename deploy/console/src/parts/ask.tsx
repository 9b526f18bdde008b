/** A button that asks before it does something. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words";
import { Dialog } from "./dialog";
import { Failure } from "./states";
import { showFault, useSubmission } from "./submission";

export interface Question<T> {
  /** On the button that asks. */
  label: string;
  /** What is done to which thing. */
  title: string;
  /** What follows from it. */
  text?: string;
  /** On the button that does it; without it the `label`. */
  confirm?: string;
  isDangerous?: boolean;
  isDisabled?: boolean;
  run: () => Promise<T>;
  done: (value: T) => void;
  /** Fields of the question. */
  children?: ComponentChildren;
}

/** What was refused is told where it was asked. */
export function Ask<T>(question: Question<T>) {
  const [isOpen, open] = useState(false);
  return (
    <>
      <button type="button" disabled={question.isDisabled} onClick={() => open(true)}>{question.label}</button>
      {isOpen && <Asked {...question} close={() => open(false)} />}
    </>
  );
}

function Asked<T>(question: Question<T> & { close: () => void }) {
  const { submitted, isRunning, error } = useSubmission(question.run, (value) => {
    question.close();
    question.done(value);
  });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) showFault(form.current);
  }, [error]);
  return (
    <Dialog title={question.title} closed={question.close}>
      <form ref={form} onSubmit={submitted}>
        {question.text && <p>{question.text}</p>}
        {question.children}
        {error !== null && <Failure error={error} />}
        <div class="row end">
          <button type="button" onClick={question.close}>{t("dialog.cancel")}</button>
          <button type="submit" class={question.isDangerous ? "danger" : "main"} disabled={isRunning}>
            {question.confirm ?? question.label.replace(/…$/, "")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
