/** Whether the file has a column for each placeholder, and for whom a line is. */

import { told } from "../../../parts/figures";
import { t } from "../../../words";
import { hasPeople, sampleOf, type Head } from "./columns";

export function Columns({ head, names }: { head: Head; names: readonly string[] }) {
  if (head.columns.length === 0) return null;
  const isForPeople = hasPeople(head);
  return (
    <ul class="checks">
      <li class={isForPeople ? "good" : "bad"}>{isForPeople ? "✓" : "✗"} {t(isForPeople ? "mailings.hasPeople" : "mailings.noPeople")}</li>
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
