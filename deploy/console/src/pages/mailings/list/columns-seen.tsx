/** Whether the file has a column for each placeholder, and for whom a line is. */

import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { keyOf, sampleOf, type Head } from "./columns";

const PEOPLE = ["to", "phone", "externalUserId"];

export function Columns({ head, names }: { head: Head; names: readonly string[] }) {
  if (head.columns.length === 0) return null;
  const people = PEOPLE.map(keyOf);
  const hasPeople = head.columns.some((column) => people.includes(keyOf(column)));
  return (
    <ul class="checks">
      <li class={hasPeople ? "good" : "bad"}>{hasPeople ? "✓" : "✗"} {t(hasPeople ? "mailings.hasPeople" : "mailings.noPeople")}</li>
      {names.map((name) => {
        const value = sampleOf(head, name);
        return (
          <li key={name} class={value === undefined ? "bad" : "good"}>
            {value === undefined ? "✗" : "✓"} <code>{`{{${name}}}`}</code> {value === undefined ? t("mailings.noColumn") : told("mailings.forExample", { value: value || "—" })}
          </li>
        );
      })}
      <li class="quiet">{t("mailings.columnsOf")}: {head.columns.join(", ")}</li>
    </ul>
  );
}
