// A list as a table, between its controls and its pager.
import type { ReactNode } from 'react';

import { Controls, type ControlsProps } from './Controls';
import type { PageInfo } from './listing';
import { Pager } from './Pager';

interface Props<Row, Order extends string> extends ControlsProps<Order> {
  title: string;
  connection: { totalCount: number; pageInfo: PageInfo };
  rows: Row[];
  keyOf: (row: Row) => string;
  /** The cells of a row, by the heading of their column. */
  columns: Record<string, (row: Row) => ReactNode>;
  fetching: boolean;
}

export function List<Row, Order extends string>(props: Props<Row, Order>) {
  const { title, connection, rows, keyOf, columns, fetching, ...controls } = props;
  const { pageInfo, totalCount } = connection;
  return (
    <>
      <title>{title}</title>
      <p><a href="/manage">All that you manage</a></p>
      <h1>{title}</h1>
      <Controls {...controls} />
      {rows.length === 0 ? (
        <p className="card">
          {controls.listing.asked.search || controls.listing.asked.status
            ? 'No invite fits. Try another search or status.'
            : 'There are no invites here yet.'}
        </p>
      ) : (
        <table className="card" aria-label={title} aria-busy={fetching}>
          <thead>
            <tr>
              {Object.keys(columns).map((heading) => (
                <th key={heading} scope="col">{heading}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                {Object.entries(columns).map(([heading, cell]) => (
                  // The heading again: on a narrow screen each row is a card of its own.
                  <td key={heading} data-heading={heading}>{cell(row)}</td>
                ))}
              </tr>
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
