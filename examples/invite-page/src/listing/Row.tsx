// Row of a list. Opening it shows its details below.
import { type ReactNode, useId, useState } from 'react';

import { Button } from '../Button';
import { SelectRow } from './Select';
import type { Selection } from './selection';

export interface Details<Row> {
  /** Name of the button that opens them. */
  label: string;
  /** Name of a row, for the button's name. */
  nameOf: (row: Row) => string;
  content: (row: Row) => ReactNode;
}

/** Cells of a row, by the headings of their columns. */
export type Columns<Row> = Record<string, (row: Row) => ReactNode>;

interface Props<Row> {
  row: Row;
  columns: Columns<Row>;
  selection?: Selection<Row> | undefined;
  details?: Details<Row> | undefined;
}

export function ListRow<Row>({ row, columns, selection, details }: Props<Row>) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const width = Object.keys(columns).length + (selection ? 2 : 1);
  return (
    <>
      <tr>
        {selection && (
          <td className="select"><SelectRow selection={selection} row={row} /></td>
        )}
        {Object.entries(columns).map(([heading, cell]) => (
          // Repeats the heading, because narrow screens show each row as a card.
          <td key={heading} data-heading={heading}>{cell(row)}</td>
        ))}
        {details && (
          <td className="open">
            <Button plain opens={{ id, isOpen }} onClick={() => setOpen(!isOpen)}>
              {details.label}
              <span className="unseen"> of {details.nameOf(row)}</span>
            </Button>
          </td>
        )}
      </tr>
      {details && isOpen && (
        <tr className="opened" id={id}>
          <td colSpan={width}>{details.content(row)}</td>
        </tr>
      )}
    </>
  );
}
