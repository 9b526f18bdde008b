/** A field for a moment, typed by the clock that the page shows times by, which it names. */

import { useRef } from "preact/hooks";
import { isUtc, momentOf, typedOf } from "./clock";
import { TextField, type FieldProps, type InputRest } from "./field";
import { zone } from "./time";

/** `value`: ISO 8601 in UTC, or empty. What was typed stays so for as long as it means that moment. */
export function MomentField(props: Omit<FieldProps, "hint"> & { hint?: string | undefined; value: string; changed: (moment: string) => void; more?: InputRest }) {
  const { value, hint, changed } = props;
  const last = useRef({ text: "", moment: "", isUtc: isUtc() });
  const isTyped = last.current.moment === value && last.current.isUtc === isUtc();
  const text = isTyped ? last.current.text : value && typedOf(new Date(value));
  const typed = (entered: string) => {
    last.current = { text: entered, moment: momentOf(entered), isUtc: isUtc() };
    changed(last.current.moment);
  };
  return <TextField {...props} hint={[hint, zone()].filter(Boolean).join(" · ")} value={text} changed={typed} more={{ ...props.more, type: "datetime-local" }} />;
}
