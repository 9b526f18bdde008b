/** A card with everything of one kind, and with the button that adds one. */

import type { ComponentChildren } from "preact";
import { Allowed } from "../../parts/allowed";
import { byWhom } from "../../parts/by-whom";
import { Empty, Shown, type Loaded } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";

interface Kept {
  changedAt: number;
  by: string;
}

interface Kind<Row> {
  title: string;
  /** What is said where there is none. */
  none: string;
  loaded: Loaded<Row[]>;
  again: () => void;
  id: (row: Row) => string;
  columns: Column<Row>[];
  /** What may be done with one: the last column. */
  actions?: (row: Row) => ComponentChildren;
  /** Asks for a new one. */
  create: ComponentChildren;
}

/** Behind its columns it says when a row was changed, by whom, and what may be done with it. */
export function Listing<Row extends Kept>({ title, none, loaded, again, id, columns, actions, create }: Kind<Row>) {
  const changed: Column<Row>[] = [
    { title: t("setup.changed"), cell: (row) => <Time at={row.changedAt} /> },
    { title: t("setup.by"), cell: (row) => byWhom(row.by) || "—" },
    ...(actions ? [{ title: t("setup.actions"), cell: actions }] : []),
  ];
  return (
    <section class="card">
      <div class="row between">
        <h2>{title}</h2>
        <div class="row">
          <button type="button" onClick={again}>{t("live.again")}</button>
          <Allowed scope="operator">{create}</Allowed>
        </div>
      </div>
      <Shown loaded={loaded} again={again}>
        {(rows) => (rows.length === 0 ? <Empty>{none}</Empty> : <Table label={title} rows={rows} id={id} columns={[...columns, ...changed]} />)}
      </Shown>
    </section>
  );
}
