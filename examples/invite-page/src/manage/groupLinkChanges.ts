// Changes of a group's join link: switching it on, replacing it, and switching it off.
import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useMutation } from 'urql';

import { type FragmentType, graphql } from '../gql';
import { reasonOf } from './refusals';

export const groupLink = graphql(`
  fragment GroupLink on Group {
    id
    name
    slug
    invite {
      id
      code
      url
      updatedAt
    }
  }
`);

const enableLink = graphql(`
  mutation EnableGroupInvite($group: ID!) {
    change: enableGroupInvite(input: { group: $group }) {
      group {
        ...GroupLink
      }
      userErrors {
        code
        message
      }
    }
  }
`);

const rotateLink = graphql(`
  mutation RotateGroupInvite($group: ID!) {
    change: rotateGroupInvite(input: { group: $group }) {
      group {
        ...GroupLink
      }
      userErrors {
        code
        message
      }
    }
  }
`);

const disableLink = graphql(`
  mutation DisableGroupInvite($group: ID!) {
    change: disableGroupInvite(input: { group: $group }) {
      group {
        ...GroupLink
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export type GroupLinkRef = FragmentType<typeof groupLink>;

export interface GroupLinkChanges {
  enable: () => void;
  rotate: () => void;
  disable: () => void;
  fetching: boolean;
  /** The group after a change, from its payload, and what changed. */
  changed: { group: GroupLinkRef; news: string } | undefined;
  failure: CombinedError | undefined;
  /** The reason for which nothing changed. */
  refusal: string | undefined;
}

/** `refresh` loads the group again, after another manager changed it. */
export function useGroupLinkChanges(group: string, refresh: () => void): GroupLinkChanges {
  const [changed, setChanged] = useState<GroupLinkChanges['changed']>();
  const [failure, setFailure] = useState<CombinedError>();
  const [refusal, setRefusal] = useState<string>();
  const [enabling, enable] = useMutation(enableLink);
  const [rotating, rotate] = useMutation(rotateLink);
  const [disabling, disable] = useMutation(disableLink);

  const send = async (change: typeof enable, news: string) => {
    const { data, error } = await change({ group });
    const payload = data?.change;
    const refused = payload?.userErrors[0];
    setFailure(payload ? undefined : error);
    setRefusal(refused && reasonOf(refused));
    if (payload) setChanged(payload.group ? { group: payload.group, news } : undefined);
    if (refused) refresh();
  };
  return {
    enable: () => void send(enable, 'The link is switched on.'),
    rotate: () => void send(rotate, 'The link is new. The one before has ended.'),
    disable: () => void send(disable, 'The link is switched off.'),
    fetching: enabling.fetching || rotating.fetching || disabling.fetching,
    changed,
    failure,
    refusal,
  };
}
