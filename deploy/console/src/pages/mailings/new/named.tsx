/** The placeholders of the message that is being typed: which there are, what the file has for them, which braces are odd. */

import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { keyOf, sampleOf, type Head } from "../list/columns";
import type { Draft } from "./draft";
import { isReserved, namesIn, oddBraces } from "../message/placeholders";

const MOST = 100;

/** The texts of a draft that a recipient's values are filled into, in the API's order. */
export function textsOf(draft: Draft): string[] {
  return [draft.title, draft.text, draft.address, ...draft.buttons.flatMap((button) => [button.title, button.options ?? ""])];
}

/** What is wrong with the braces of each field, by its name in the form. */
export function brokenBraces(draft: Draft): Record<string, string> {
  const fields: [string, string][] = [
    ["title", draft.title],
    ["text", draft.text],
    ["address", draft.address],
    ...draft.buttons.flatMap((button, place): [string, string][] => [
      [`button-${place}-title`, button.title],
      [`button-${place}-options`, button.options ?? ""],
    ]),
  ];
  const faults: Record<string, string> = {};
  for (const [field, text] of fields) {
    const odd = oddBraces(text);
    const reserved = namesIn([text]).find(isReserved);
    if (odd !== null) faults[field] = told("mailings.oddBraces", { ...odd });
    else if (reserved !== undefined) faults[field] = told("mailings.reserved", { name: reserved });
  }
  if (namesIn([draft.name]).length > 0) faults.name = t("mailings.notInName");
  return faults;
}

export function Named({ names, head }: { names: readonly string[]; head: Head | null }) {
  if (names.length === 0) return null;
  return (
    <section class="card">
      <h2>{t("mailings.placeholders")}</h2>
      <ul class="checks" aria-live="polite">
        {names.map((name) => {
          const value = head === null ? null : sampleOf(head, name);
          const alike = value === undefined ? head?.columns.find((column) => keyOf(column).startsWith(keyOf(name)) || keyOf(name).startsWith(keyOf(column))) : undefined;
          return (
            <li key={name} class={value === undefined ? "bad" : value === null ? "" : "good"}>
              {value === undefined ? "✗" : value === null ? "•" : "✓"} <code>{`{{${name}}}`}</code>{" "}
              {value === undefined && (alike ? told("mailings.noColumnBut", { alike }) : t("mailings.noColumn"))}
              {typeof value === "string" && told("mailings.forExample", { value: value || "—" })}
            </li>
          );
        })}
      </ul>
      {names.length > MOST && <p class="failure">{told("mailings.tooMany", { most: MOST })}</p>}
      {head === null && <p class="quiet">{t("mailings.needsColumns")}</p>}
    </section>
  );
}
