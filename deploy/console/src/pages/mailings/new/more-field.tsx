/** What the form has no field for, as the API takes it: JSON that is joined with the rest, and judged by the platform. */

import { Field, described } from "../../../parts/field";
import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { moreOf, takenTwice, type Draft } from "./draft";
import type { Fields } from "./fields";

export function More({ draft, set, faults }: Fields) {
  const about = { id: "more", label: "JSON", hint: t("mailings.moreHint"), fault: faults.more };
  return (
    <section class="card">
      <details open={draft.more !== ""}>
        <summary>{t("mailings.more")}</summary>
        <Field {...about}>
          <textarea {...described(about)} rows={8} spellcheck={false} placeholder={'{"message": {"data": {"customPayload": {"screen": "rates"}}}}'} value={draft.more} onInput={(event) => set({ more: event.currentTarget.value })} />
        </Field>
      </details>
    </section>
  );
}

/** What is wrong with that JSON, as one of the form's faults. */
export function faultOfMore(draft: Draft): Record<string, string> {
  if (moreOf(draft) === null) return { more: t("credentials.noRecord") };
  const taken = takenTwice(draft);
  return taken.length ? { more: told("mailings.moreTaken", { names: taken.join(", ") }) } : {};
}
