import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  header: string;
  /** Right aligned, in figures of equal width. */
  isNumber?: boolean;
  cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  caption: string;
  /** The first names its row. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** What a link to a row names. */
  anchorOf?: (row: Row) => string;
  /** Where rows are of different ranks. */
  classOf?: (row: Row) => string;
  /** What to say, and what to do next, where there are no rows. */
  empty: ComponentChildren;
}

/**
 * A table; on a narrow page each row becomes a card, where every cell carries its header. The roles are written out because `display: block`
 * would otherwise take the table's meaning from it.
 */
export function Table<Row>({ caption, columns, rows, anchorOf, classOf, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table role="table">
      <caption>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th role="columnheader" scope="col" class={column.isNumber ? 'number' : undefined}>
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" id={anchorOf?.(row)} class={classOf?.(row)}>
            {columns.map((column, index) =>
              index === 0 ? (
                <th role="rowheader" scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td role="cell" class={column.isNumber ? 'number' : undefined} data-label={column.header}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
