/** A button that opens a form over the page. What the platform refuses of it stands beside the field that it names. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, type FieldError } from "../api";
import type { NoNumber } from "../documents";
import { t } from "../words";
import { Dialog } from "./dialog";
import type { FieldProps } from "./field";
import { useKept } from "./kept-form";
import { SecretsAgain, useOpened, type Over } from "./opened";
import { Failure } from "./states";
import { showFault, useSubmission } from "./submission";

export interface Form<Values> {
  values: Values;
  set: (changes: Partial<Values>) => void;
  /** What a field needs: `path` is the API's name of it, which what is wrong with it, or with a part of it, is told by. */
  about: (path: string, label: string, hint?: ComponentChildren) => FieldProps;
}

export interface Editing<Values, T> {
  /** On the button that opens it. */
  label: string;
  title: string;
  text?: string;
  /** On the button that sends it; without it: to save. */
  confirm?: string;
  /** What stands in the fields at first, whenever it is opened. */
  values: Values;
  fields: (form: Form<Values>) => ComponentChildren;
  /** Those of the values that are secrets: they are kept nowhere. */
  secrets?: readonly (keyof Values)[];
  run: (values: Values) => Promise<T>;
  done: (value: T) => void;
}

export function Edit<Values extends object, T>(editing: Editing<Values, T>) {
  const [over, open] = useOpened(editing);
  return (
    <>
      <button type="button" onClick={open}>{editing.label}</button>
      {over && <Opened {...editing} over={over} />}
    </>
  );
}

function Opened<Values extends object, T>(editing: Editing<Values, T> & { over: Over }) {
  const { over, secrets = [] } = editing;
  const blank = Object.fromEntries(secrets.map((name) => [name, editing.values[name]])) as Partial<Values>;
  const [values, hold] = useKept(over.form, editing.values, (typed) => ({ ...typed, ...blank }));
  const { submitted, isRunning, error } = useSubmission(() => editing.run(values), (value) => {
    over.close();
    editing.done(value);
  });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) showFault(form.current);
  }, [error]);
  const faults = new Faults(error instanceof ApiError ? error.fields : []);
  const fields = editing.fields({
    values,
    set: (changes) => hold((last) => ({ ...last, ...changes })),
    about: (path, label, hint) => ({ id: `edit-${path.replace(/\W+/g, "-")}`, label, hint, fault: faults.at(path) }),
  });
  return (
    <Dialog title={editing.title} closed={over.close}>
      <form ref={form} onSubmit={submitted} noValidate>
        {editing.text && <p>{editing.text}</p>}
        {secrets.length > 0 && <SecretsAgain over={over} />}
        {fields}
        {error !== null && (faults.areShown ? <p class="failure" role="alert">{t("edit.seeFields")}</p> : <Failure error={error} />)}
        <div class="row end">
          <button type="button" onClick={over.close}>{t("dialog.cancel")}</button>
          <button type="submit" class="main" disabled={isRunning}>{editing.confirm ?? t("setup.save")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** What was refused, and whether all of it has found its field. */
class Faults {
  private readonly placed = new Set<FieldError>();

  constructor(private readonly found: readonly FieldError[]) {}

  /** Of the field, or of parts of it, which are named then. */
  at(path: string): string | undefined {
    const here = this.found.filter(({ field }) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`));
    here.forEach((fault) => this.placed.add(fault));
    const words = here.map(({ field, rule }) => (field === path ? rule : `${field.slice(path.length).replace(/^\./, "")}: ${rule}`));
    return words.join("; ") || undefined;
  }

  get areShown(): boolean {
    return this.found.length > 0 && this.placed.size === this.found.length;
  }
}

/** What was typed, as a number; what is none goes as it is, so that the platform says what it must be. */
export function asNumber(text: string): number | NoNumber {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? (text as NoNumber) : value;
}

/** What differs from what there was; `before` and `after` are bodies of one kind. */
export function changesOf<Body extends object>(before: Body, after: Body): Partial<Body> {
  const changes: Partial<Body> = {};
  for (const name of Object.keys(after) as (keyof Body)[]) {
    if (JSON.stringify(after[name]) !== JSON.stringify(before[name])) changes[name] = after[name];
  }
  return changes;
}
