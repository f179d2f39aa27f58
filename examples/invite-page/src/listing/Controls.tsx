// Controls above a list. The search applies on Enter, other choices at once.
import { type SubmitEvent, useId } from 'react';

import type { Listing, StatusChoice } from './listing';

export interface ControlsProps<Order extends string> {
  listing: Listing<Order>;
  /** Name of the searched fields. Without it, the list has no search. */
  searched?: string;
  /** Statuses to choose from. Without them, the list has no filter by status. */
  statuses?: Partial<Record<StatusChoice, string>>;
  orders: Record<Order, string>;
}

const SIZES = [10, 25, 50, 100];

export function Controls<Order extends string>(props: ControlsProps<Order>) {
  const { options, setOptions } = props.listing;
  const id = useId();
  const search = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setOptions({ search: String(new FormData(event.currentTarget).get('search') ?? '').trim() });
  };
  return (
    <form className="row" role="search" onSubmit={search}>
      {props.searched && (
        <div className="field">
          <label htmlFor={id}>Search {props.searched}</label>
          <input id={id} name="search" type="search" defaultValue={options.search} />
          <button type="submit">Search</button>
        </div>
      )}
      {props.statuses && (
        <Choice
          label="Status"
          value={options.status}
          choices={props.statuses}
          choose={(status) => setOptions({ status })}
        />
      )}
      <Choice
        label="Order"
        value={options.order}
        choices={props.orders}
        choose={(order) => setOptions({ order })}
      />
      <Choice
        label="Rows per page"
        value={String(options.size)}
        choices={Object.fromEntries(SIZES.map((size) => [size, String(size)]))}
        choose={(size) => setOptions({ size: Number(size) })}
      />
    </form>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  choices: Partial<Record<Value, string>>;
  choose: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, choices, choose }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {/* The cast is safe, because the options are the choices' keys. */}
      <select id={id} value={value} onChange={({ target }) => choose(target.value as Value)}>
        {Object.entries(choices as Record<string, string>).map(([key, name]) => (
          <option key={key} value={key}>{name}</option>
        ))}
      </select>
    </div>
  );
}
