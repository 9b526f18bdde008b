/** A table; where the window is narrow, each row is a card of its own with the columns' titles in it. */

import type { ComponentChildren } from "preact";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
}

/** The roles are said because a table that is laid out as cards is none to some browsers. */
export function Table<Row>(props: { label: string; columns: Column<Row>[]; rows: Row[]; id: (row: Row) => string }) {
  return (
    <div class="table" role="region" aria-label={props.label} tabIndex={0}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">{props.columns.map((column, place) => <th role="columnheader" scope="col" key={place}>{column.title}</th>)}</tr>
        </thead>
        <tbody role="rowgroup">
          {props.rows.map((row) => (
            <tr role="row" key={props.id(row)}>
              {props.columns.map((column, place) => <td role="cell" data-title={column.title} key={place}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
