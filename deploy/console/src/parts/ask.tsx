/** A button that asks before it does something. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../words";
import { Dialog } from "./dialog";
import { useKept } from "./kept-form";
import { SecretsAgain, useOpened, type Over } from "./opened";
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
  /** What is typed is a secret, which is kept nowhere. */
  isSecret?: boolean;
  run: () => Promise<T>;
  done: (value: T) => void;
  /** Fields of the question. */
  children?: ComponentChildren;
}

/** What was refused is told where it was asked. */
export function Ask<T>(question: Question<T>) {
  const [over, open] = useOpened(question);
  return (
    <>
      <button type="button" disabled={question.isDisabled} onClick={open}>{question.label}</button>
      {over && <Asked {...question} over={over} />}
    </>
  );
}

function Asked<T>({ over, ...question }: Question<T> & { over: Over }) {
  useKept(over.form, true);
  const { submitted, isRunning, error } = useSubmission(question.run, (value) => {
    over.close();
    question.done(value);
  });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) showFault(form.current);
  }, [error]);
  return (
    <Dialog title={question.title} closed={over.close}>
      <form ref={form} onSubmit={submitted}>
        {question.text && <p>{question.text}</p>}
        {question.isSecret && <SecretsAgain over={over} />}
        {question.children}
        {error !== null && <Failure error={error} />}
        <div class="row end">
          <button type="button" onClick={over.close}>{t("dialog.cancel")}</button>
          <button type="submit" class={question.isDangerous ? "danger" : "main"} disabled={isRunning}>
            {question.confirm ?? question.label.replace(/…$/, "")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
