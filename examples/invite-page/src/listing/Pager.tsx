// Below a list: how much of it there is, and the way to the pages beside this one.
import type { Listing, PageInfo } from './listing';

interface Props {
  listing: Pick<Listing<string>, 'next' | 'previous'>;
  pageInfo: PageInfo;
  shown: number;
  totalCount: number;
  fetching: boolean;
}

export function Pager({ listing, pageInfo, shown, totalCount, fetching }: Props) {
  const { hasNextPage, hasPreviousPage } = pageInfo;
  // Not `disabled`: the keyboard's focus stays on a button whose way has ended.
  const button = (name: string, possible: boolean, go: (from: PageInfo) => void) => (
    <button
      type="button"
      aria-disabled={!possible || fetching}
      onClick={possible && !fetching ? () => go(pageInfo) : undefined}
    >
      {name}
    </button>
  );
  return (
    <nav className="row pager" aria-label="Pages">
      {button('Previous page', hasPreviousPage, listing.previous)}
      <p role="status">
        {fetching ? 'Asking the gateway…' : `${shown} of ${totalCount} shown`}
      </p>
      {button('Next page', hasNextPage, listing.next)}
    </nav>
  );
}
