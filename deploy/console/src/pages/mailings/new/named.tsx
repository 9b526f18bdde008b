/** The placeholders of the message that is being typed: which there are, what the file has for them, which braces are odd. */

import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { keyOf, sampleOf, type Head } from "../list/columns";
import type { Draft } from "./draft";
import { isReserved, namesIn, oddBraces, singleBraced } from "../message/placeholders";

const MOST = 100;

/** The texts of a draft that a recipient's values are filled into, by the field of the form. */
function filledIn({ channel, title, text, address, buttons, secure, rich, fallbacks, more }: Draft): [string, string][] {
  const push: [string, string][] = [
    ["title", title],
    ["address", address],
    ...buttons.flatMap((button, place): [string, string][] => [
      [`buttons-${place}-title`, button.title],
      [`buttons-${place}-options`, button.options ?? ""],
    ]),
    ...secure.map(({ value }): [string, string] => ["secure", value]),
    ["rich-title", rich.title],
    ["rich-text", rich.text],
    ["rich-address", rich.address],
  ];
  const links = fallbacks.map((fallback, place): [string, string] => [`fallbacks-${place}-text`, fallback.text]);
  return [["text", text], ...(channel === "PUSH" ? push : []), ...links, ["more", more]];
}

export function textsOf(draft: Draft): string[] {
  return filledIn(draft).map(([, text]) => text);
}

/** What is wrong with the braces of each field, by its name in the form. */
export function brokenBraces(draft: Draft): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [field, text] of filledIn(draft)) {
    const odd = field === "more" ? null : oddBraces(text); // JSON has braces of its own
    const reserved = namesIn([text]).find(isReserved);
    if (odd !== null) faults[field] = told("mailings.oddBraces", { ...odd });
    else if (reserved !== undefined) faults[field] = told("mailings.reserved", { name: reserved });
  }
  if (namesIn([draft.name]).length > 0) faults.name = t("mailings.notInName");
  return faults;
}

export function Named({ texts, head }: { texts: readonly string[]; head: Head | null }) {
  const names = namesIn(texts);
  const braced = [...new Set(texts.flatMap(singleBraced))];
  if (names.length + braced.length === 0) return null;
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
        {braced.map((name) => (
          <li key={`{${name}`} class="bad">
            ⚠ {told("mailings.singleBraces", { names: `{${name}}` })}
            {head !== null && sampleOf(head, name) !== undefined && <> {told("mailings.bracedColumn", { name })}</>}
          </li>
        ))}
      </ul>
      {names.length > MOST && <p class="failure">{told("mailings.tooMany", { most: MOST })}</p>}
      {names.length > 0 && head === null && <p class="quiet">{t("mailings.needsColumns")}</p>}
    </section>
  );
}
