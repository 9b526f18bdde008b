/** A table that scrolls by itself where the window is narrow. */

import type { ComponentChildren } from "preact";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
}

export function Table<Row>(props: { label: string; columns: Column<Row>[]; rows: Row[]; id: (row: Row) => string }) {
  return (
    <div class="table" role="region" aria-label={props.label} tabIndex={0}>
      <table>
        <thead>
          <tr>{props.columns.map((column) => <th scope="col" key={column.title}>{column.title}</th>)}</tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.id(row)}>
              {props.columns.map((column) => <td key={column.title}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
