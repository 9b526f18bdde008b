/** What waits for each group of readers, and for how long; first where something waits. */

import { duration, number, told } from "../../parts/figures";
import { Empty } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { t } from "../../words";
import type { Group, TopicLag } from "./cluster";

interface Row extends TopicLag {
  group: Group;
}

export function Groups({ groups }: { groups: Group[] }) {
  const rows = groups.flatMap((group) => group.topics.map((topic): Row => ({ ...topic, group })));
  const busy = rows.filter((row) => row.waiting > 0 || row.unheld.length > 0).sort((one, other) => other.oldestMs - one.oldestMs);
  const idle = rows.filter((row) => !busy.includes(row));
  return (
    <section class="card">
      <h2>{t("groups.title")}</h2>
      {busy.length ? <Lags label={t("groups.title")} rows={busy} /> : <Empty>{t(rows.length ? "groups.nothingWaits" : "groups.none")}</Empty>}
      {idle.length > 0 && (
        <details>
          <summary>{told("groups.idle", { count: idle.length })}</summary>
          <Lags label={told("groups.idle", { count: idle.length })} rows={idle} />
        </details>
      )}
    </section>
  );
}

function Lags({ label, rows }: { label: string; rows: Row[] }) {
  return <Table label={label} rows={rows} id={(row) => `${row.group.group} ${row.topic}`} columns={columns()} />;
}

function columns(): Column<Row>[] {
  return [
    { title: t("groups.group"), cell: (row) => row.group.group },
    { title: t("groups.topic"), cell: (row) => row.topic },
    { title: t("groups.lane"), cell: (row) => row.lane },
    { title: t("groups.waiting"), cell: (row) => number(row.waiting) },
    { title: t("groups.oldest"), cell: (row) => (row.waiting ? duration(row.oldestMs) : "—") },
    { title: t("groups.held"), cell: holders },
  ];
}

function holders(row: Row) {
  const held = row.group.members.flatMap((member) => member.holds.filter((holds) => holds.topic === row.topic).map((holds) => [member.instance, holds] as const));
  const lines = held.map(([instance, holds]) => <div key={instance}>{instance} ({spans(holds.partitions)})</div>);
  return (
    <>
      {lines}
      {row.unheld.length > 0 && <div class="failure">{t("groups.nobody")} ({spans(row.unheld)})</div>}
    </>
  );
}

/** 0, 1, 2, 5 as 0–2, 5. */
function spans(numbers: number[]): string {
  const found: [first: number, last: number][] = [];
  for (const number of numbers) {
    const span = found.at(-1);
    if (span && number === span[1] + 1) span[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}
