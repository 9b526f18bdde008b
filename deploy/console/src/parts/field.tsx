/** A labelled field of a form, with a hint and with what is wrong about it. */

import type { ComponentChildren, JSX } from "preact";
import { t } from "../words";

/** The hint of a field that may stay empty. */
export function optional(hint = ""): string {
  return [t("field.optional"), hint].filter(Boolean).join(" · ");
}

export interface FieldProps {
  id: string;
  label: string;
  hint?: ComponentChildren;
  /** What is wrong, in words; nothing: nothing is. */
  fault?: string | undefined;
}

/** What an input needs so that its label, hint and fault are read with it. */
export function described({ id, hint, fault }: FieldProps) {
  const by = [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].filter(Boolean).join(" ");
  return { id, "aria-invalid": fault ? true : undefined, "aria-describedby": by || undefined } as const;
}

export function Field(props: FieldProps & { children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.hint && <div id={`${props.id}-hint`} class="quiet">{props.hint}</div>}
      {props.fault && <p id={`${props.id}-fault`} class="failure">{props.fault}</p>}
    </div>
  );
}

export type InputRest = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "id" | "value" | "label" | "onInput" | "onChange">;

export function TextField(props: FieldProps & { value: string; changed: (value: string) => void; more?: InputRest }) {
  return (
    <Field {...props}>
      <input {...described(props)} {...props.more} value={props.value} onInput={(event) => props.changed(event.currentTarget.value)} />
    </Field>
  );
}

export function Choice<Value extends string>(props: FieldProps & { value: Value; changed: (value: Value) => void; of: readonly (readonly [Value, string])[] }) {
  return (
    <Field {...props}>
      <select {...described(props)} value={props.value} onChange={(event) => props.changed(event.currentTarget.value as Value)}>
        {props.of.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
      </select>
    </Field>
  );
}

export function Tick(props: { label: string; value: boolean; changed: (value: boolean) => void }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={props.value} onChange={(event) => props.changed(event.currentTarget.checked)} /> {props.label}
    </label>
  );
}
