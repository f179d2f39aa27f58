// List as a table, with controls and a pager. Rows can be selected and opened.
import type { ReactNode } from 'react';

import { Controls, type ControlsProps } from './Controls';
import type { PageInfo } from './listing';
import { Pager } from './Pager';
import { type Columns, type Details, ListRow } from './Row';
import type { Selection } from './selection';

interface Props<Row, Order extends string> extends ControlsProps<Order> {
  title: string;
  connection: { totalCount: number; pageInfo: PageInfo };
  rows: Row[];
  keyOf: (row: Row) => string;
  /** Renders the cell of a row, by the heading of its column. */
  columns: Columns<Row>;
  fetching: boolean;
  /** Rows to select. Without it, the list has no such column. */
  selection?: Selection<Row>;
  /** Details of a row. Without them, the rows do not open. */
  details?: Details<Row>;
  /** Shown between the title and the controls. */
  summary?: ReactNode;
  /** Shown between the controls and the table, for what is done with rows. */
  children?: ReactNode;
}

export function List<Row, Order extends string>(props: Props<Row, Order>) {
  const { title, connection, rows, keyOf, columns, fetching, children, ...others } = props;
  const { selection, details, summary, ...controls } = others;
  const { pageInfo, totalCount } = connection;
  return (
    <>
      <title>{title}</title>
      <p><a href="/manage">Everything you manage</a></p>
      <h1>{title}</h1>
      {summary}
      <Controls {...controls} />
      {children}
      {rows.length === 0 ? (
        <p className="card">
          {controls.listing.options.search || controls.listing.options.status
            ? 'No invite matches. Try another search or status.'
            : 'There are no invites here yet.'}
        </p>
      ) : (
        <table className="card" aria-label={title} aria-busy={fetching}>
          <thead>
            <tr>
              {selection && <td />}
              {Object.keys(columns).map((heading) => (
                <th key={heading} scope="col">{heading}</th>
              ))}
              {details && <td />}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ListRow key={keyOf(row)} row={row} columns={columns} selection={selection} details={details} />
            ))}
          </tbody>
        </table>
      )}
      <Pager
        listing={controls.listing}
        pageInfo={pageInfo}
        shown={rows.length}
        totalCount={totalCount}
        fetching={fetching}
      />
    </>
  );
}
