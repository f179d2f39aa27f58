// Rows of a list that are selected, by their ids. Those that are not on the page any more do not count.
import { useState } from 'react';

export interface Selection<Row> {
  idOf: (row: Row) => string;
  /** Name of a row, for the label of its box. */
  nameOf: (row: Row) => string;
  /** False for rows with which nothing can be done. */
  selectable: (row: Row) => boolean;
  isSelected: (row: Row) => boolean;
  /** Selects rows, or no longer. */
  select: (rows: Row[], selected: boolean) => void;
  clear: () => void;
}

export function useSelection<Row>(
  of: Pick<Selection<Row>, 'idOf' | 'nameOf' | 'selectable'>,
): Selection<Row> {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ...of,
    isSelected: (row) => of.selectable(row) && ids.has(of.idOf(row)),
    select(rows, selected) {
      const changed = new Set(ids);
      for (const row of rows) {
        if (selected) changed.add(of.idOf(row));
        else changed.delete(of.idOf(row));
      }
      setIds(changed);
    },
    clear: () => setIds(new Set()),
  };
}
