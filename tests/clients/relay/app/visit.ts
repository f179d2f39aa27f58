// Visits the gateway at a URL with a bearer token: loads the home page, pages through its
// connections, and refetches an invite. Prints the content of the store on the way.
import type { Environment } from 'relay-runtime';

import { CourseInvitees_course$key } from './__generated__/CourseInvitees_course.graphql';
import { GroupLink_group$key } from './__generated__/GroupLink_group.graphql';
import { HomeQuery } from './__generated__/HomeQuery.graphql';
import { InviteCard_invite$key } from './__generated__/InviteCard_invite.graphql';
import { InviteCodes_query$key } from './__generated__/InviteCodes_query.graphql';
import { SentInvites_viewer$key } from './__generated__/SentInvites_viewer.graphql';
import { courseInvitees } from './CourseInvitees';
import { environment } from './environment';
import { groupLink } from './GroupLink';
import { home } from './Home';
import { inviteCard, targetName } from './InviteCard';
import { inviteCodes } from './InviteCodes';
import { sentInvites } from './SentInvites';
import { load, loadMore, read, refetch } from './store';

const [url = '', token, course = '', group = ''] = process.argv.slice(2);
const gateway = environment(url, token);

function invitees(key: CourseInvitees_course$key): string[] | undefined {
  const { invitees: connection } = read(gateway, courseInvitees, key);
  return connection?.edges.map(({ node }) => node.fullName);
}

function sent(key: SentInvites_viewer$key, store = gateway): string[] {
  const { edges } = read(store, sentInvites, key).sentInvites;
  return edges.map(({ node }) => card(node, store));
}

function card(key: InviteCard_invite$key, store: Environment): string {
  const { databaseId, target } = read(store, inviteCard, key);
  return `${databaseId} to ${target?.joined ? targetName(target.joined) : 'the community'}`;
}

function codes(key: InviteCodes_query$key): (string | null | undefined)[] | undefined {
  return read(gateway, inviteCodes, key).inviteCodes?.edges.map(({ node }) => node.code);
}

// The same list, starting after its fourth row and paged up.
async function sentUp(): Promise<unknown> {
  const top = environment(url, token);
  const { viewer } = await load<HomeQuery>(top, home, { course, group });
  if (!viewer) throw new Error(`nobody at ${url}`);
  await loadMore(top, sentInvites, viewer, 'forward', 2);
  const { endCursor } = read<SentInvites_viewer$key>(top, sentInvites, viewer).sentInvites.pageInfo;
  const middle = environment(url, token);
  const entered = await load<HomeQuery>(middle, home, { course, group, sentAfter: endCursor });
  const from = entered.viewer;
  if (!from) throw new Error(`nobody at ${url}`);
  return pages(
    () => sent(from, middle),
    () => loadMore(middle, sentInvites, from, 'backward', 2),
  );
}

// Returns a list after each page, until there is no more on that side.
async function pages<T>(list: () => T, more: () => Promise<boolean>): Promise<T[]> {
  const seen = [list()];
  while (await more()) seen.push(list());
  return seen;
}

function link(key: GroupLink_group$key): string {
  const { invite } = read(gateway, groupLink, key);
  if (!invite.ok) return 'refused';
  return invite.value ? invite.value.url : 'none';
}

// Refetches a card whose status in the store is wrong. Returns the name of the query, and the
// status.
async function refetched(key: InviteCard_invite$key): Promise<string[]> {
  const { id } = read(gateway, inviteCard, key);
  gateway.commitUpdate((store) => store.get(id)?.setValue('EXPIRED', 'status'));
  const before = read(gateway, inviteCard, key).status;
  const query = await refetch(gateway, inviteCard, key);
  return [before, query, read(gateway, inviteCard, key).status];
}

async function visit(): Promise<unknown> {
  const page = await load<HomeQuery>(gateway, home, { course, group });
  const { group: joined, viewer } = page;
  const managed: CourseInvitees_course$key | null | undefined = page.course;
  if (!managed || !joined || !viewer) throw new Error(`nothing at ${url}`);
  const inviteePages = await pages(
    () => invitees(managed),
    () => loadMore(gateway, courseInvitees, managed, 'forward', 2),
  );
  const { invitees: connection } = read(gateway, courseInvitees, managed);
  const first = connection?.edges[0]?.invite;
  return {
    username: viewer.user?.username,
    total: connection?.totalCount,
    inviteePages,
    sentPages: await pages(
      () => sent(viewer),
      () => loadMore(gateway, sentInvites, viewer, 'forward', 2),
    ),
    sentPagesUp: await sentUp(),
    codePages: await pages(
      () => codes(page),
      () => loadMore(gateway, inviteCodes, page, 'backward', 2),
    ),
    refetched: first && (await refetched(first)),
    link: link(joined),
  };
}

visit().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
