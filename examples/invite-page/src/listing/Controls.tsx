// The controls above a list. The search waits for Enter; a choice applies at once.
import { type SubmitEvent, useId } from 'react';

import type { Listing, StatusChoice } from './listing';

export interface ControlsProps<Order extends string> {
  listing: Listing<Order>;
  /** What the search looks into; none: the list cannot be searched. */
  searched?: string;
  /** The statuses to choose from; none: the list cannot be narrowed to a status. */
  statuses?: Partial<Record<StatusChoice, string>>;
  orders: Record<Order, string>;
}

const SIZES = [10, 25, 50, 100];

export function Controls<Order extends string>(props: ControlsProps<Order>) {
  const { asked, ask } = props.listing;
  const id = useId();
  const search = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    ask({ search: String(new FormData(event.currentTarget).get('search') ?? '').trim() });
  };
  return (
    <form className="row" role="search" onSubmit={search}>
      {props.searched && (
        <div className="field">
          <label htmlFor={id}>Search {props.searched}</label>
          <input id={id} name="search" type="search" defaultValue={asked.search} />
          <button type="submit">Search</button>
        </div>
      )}
      {props.statuses && (
        <Choice
          label="Status"
          value={asked.status}
          choices={props.statuses}
          choose={(status) => ask({ status })}
        />
      )}
      <Choice
        label="Order"
        value={asked.order}
        choices={props.orders}
        choose={(order) => ask({ order })}
      />
      <Choice
        label="Rows a page"
        value={String(asked.size)}
        choices={Object.fromEntries(SIZES.map((size) => [size, String(size)]))}
        choose={(size) => ask({ size: Number(size) })}
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
      {/* The options are the choices' keys: no other value comes out of the element. */}
      <select id={id} value={value} onChange={({ target }) => choose(target.value as Value)}>
        {Object.entries(choices as Record<string, string>).map(([key, name]) => (
          <option key={key} value={key}>{name}</option>
        ))}
      </select>
    </div>
  );
}
