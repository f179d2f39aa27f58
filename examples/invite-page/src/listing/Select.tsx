// Boxes that select the rows of a list.
import type { Selection } from './selection';

export function SelectRow<Row>({ selection, row }: { selection: Selection<Row>; row: Row }) {
  if (!selection.selectable(row)) return null;
  return (
    <label>
      <input
        type="checkbox"
        checked={selection.isSelected(row)}
        onChange={({ target }) => selection.select([row], target.checked)}
      />
      <span className="unseen">Select {selection.nameOf(row)}</span>
    </label>
  );
}

export function SelectAll<Row>({ selection, rows }: { selection: Selection<Row>; rows: Row[] }) {
  const selectable = rows.filter(selection.selectable);
  const count = selectable.filter(selection.isSelected).length;
  return (
    <label className="field">
      <input
        type="checkbox"
        checked={count > 0 && count === selectable.length}
        ref={(box) => {
          if (box) box.indeterminate = count > 0 && count < selectable.length;
        }}
        onChange={({ target }) => selection.select(selectable, target.checked)}
      />
      Select all on this page
    </label>
  );
}
