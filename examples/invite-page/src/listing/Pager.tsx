// Pager below a list: its length, and buttons for the previous and next page.
import { Button } from '../Button';
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
  const button = (name: string, possible: boolean, go: (from: PageInfo) => void) => (
    <Button off={!possible || fetching} onClick={() => go(pageInfo)}>{name}</Button>
  );
  return (
    <nav className="row pager" aria-label="Pages">
      {button('Previous page', hasPreviousPage, listing.previous)}
      <p role="status">
        {fetching ? 'Loading…' : `${shown} of ${totalCount} shown`}
      </p>
      {button('Next page', hasNextPage, listing.next)}
    </nav>
  );
}
