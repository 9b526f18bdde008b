/** Whether a dialog is open. One that was when the session ended is open again for whoever signs in anew. */

import { useState } from "preact/hooks";
import { t } from "../words";
import { formHere, keptOf } from "./kept-form";

/** A dialog that is open: `form` is what its values are kept by. */
export interface Over {
  form: string;
  isAgain: boolean;
  close: () => void;
}

/** Null while it is closed, and what opens it. */
export function useOpened({ label, title }: { label: string; title: string }): [over: Over | null, open: () => void] {
  const form = formHere(label, title);
  const [over, hold] = useState(() => (keptOf(form) === null ? null : { form, isAgain: true }));
  return [over && { ...over, close: () => hold(null) }, () => hold({ form, isAgain: false })];
}

/** What is missing in a form that is open again. */
export function SecretsAgain({ over }: { over: Over }) {
  return over.isAgain ? <p class="notice" role="status">{t("dialog.secretsAgain")}</p> : null;
}
