// Relay's hooks without React: read a fragment, load the next page of its connection, refetch it, and send
// a mutation.
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getFragment,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getRequest,
  getSingularSelector,
} from 'relay-runtime';
import type {
  Direction,
  Environment,
  GraphQLTaggedNode,
  MutationConfig,
  MutationParameters,
  OperationType,
  SingularReaderSelector,
  Variables,
} from 'relay-runtime';
import type { KeyType, KeyTypeData } from 'react-relay/ReactRelayTypes';

interface PageInfo {
  readonly startCursor?: string | null;
  readonly endCursor?: string | null;
  readonly hasNextPage?: boolean | null;
  readonly hasPreviousPage?: boolean | null;
}

// Fetches a query, retains its data from garbage collection, and reads it.
export async function load<Q extends OperationType>(
  environment: Environment,
  query: GraphQLTaggedNode,
  variables: Q['variables'],
): Promise<Q['response']> {
  environment.retain(createOperationDescriptor(getRequest(query), variables));
  await fetchQuery<Q>(environment, query, variables).toPromise();
  return look<Q>(environment, query, variables);
}

// Returns a query's current data in the store.
export function look<Q extends OperationType>(
  environment: Environment,
  query: GraphQLTaggedNode,
  variables: Q['variables'],
): Q['response'] {
  const operation = createOperationDescriptor(getRequest(query), variables);
  return environment.lookup(operation.fragment).data as Q['response'];
}

function selector(fragment: GraphQLTaggedNode, key: unknown): SingularReaderSelector {
  const found = getSingularSelector(getFragment(fragment), key);
  if (!found) throw new Error('the key is not one of this fragment');
  return found;
}

// Returns the fragment's current data in the store.
export function read<K extends KeyType>(
  environment: Environment,
  fragment: GraphQLTaggedNode,
  key: K,
): NonNullable<KeyTypeData<K>> {
  return environment.lookup(selector(fragment, key)).data as NonNullable<KeyTypeData<K>>;
}

// Fetches the next page of a fragment's connection. Returns false if there is none on that side.
export async function loadMore<K extends KeyType>(
  environment: Environment,
  fragment: GraphQLTaggedNode,
  key: K,
  direction: Direction,
  count: number,
): Promise<boolean> {
  const node = getFragment(fragment);
  const { connectionPathInFragmentData, paginationMetadata, paginationRequest } =
    getPaginationMetadata(node, 'loadMore');
  const { identifierInfo } = getRefetchMetadata(node, 'loadMore');
  const { owner, variables: own } = selector(fragment, key);
  const data = read(environment, fragment, key) as Record<string, unknown>;
  const connection = connectionPathInFragmentData.reduce<unknown>(
    (within, name) => (within as Record<string, unknown>)[name],
    data,
  );
  if (!connection) return false;
  const { pageInfo } = connection as { pageInfo: PageInfo };
  const forward = direction === 'forward';
  if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return false;
  const variables: Variables = getPaginationVariables(
    direction,
    count,
    forward ? pageInfo.endCursor : pageInfo.startCursor,
    { ...owner.variables, ...own },
    {},
    paginationMetadata,
  );
  if (identifierInfo) {
    variables[identifierInfo.identifierQueryVariableName] = data[identifierInfo.identifierField];
  }
  await fetchQuery(environment, paginationRequest, variables).toPromise();
  return true;
}

// Refetches a fragment on an object by its id. Returns the name of the query.
export async function refetch<K extends KeyType>(
  environment: Environment,
  fragment: GraphQLTaggedNode,
  key: K,
): Promise<string> {
  const { identifierInfo, refetchableRequest } = getRefetchMetadata(getFragment(fragment), 'refetch');
  const data = read(environment, fragment, key) as Record<string, unknown>;
  const variables: Variables = { ...selector(fragment, key).variables };
  if (identifierInfo) {
    variables[identifierInfo.identifierQueryVariableName] = data[identifierInfo.identifierField];
  }
  await fetchQuery(environment, refetchableRequest, variables).toPromise();
  return refetchableRequest.params.name;
}

// Sends a mutation. Returns its data.
export function commit<M extends MutationParameters>(
  environment: Environment,
  config: MutationConfig<M>,
): Promise<M['response']> {
  return new Promise((resolve, reject) => {
    commitMutation<M>(environment, { ...config, onCompleted: resolve, onError: reject });
  });
}
