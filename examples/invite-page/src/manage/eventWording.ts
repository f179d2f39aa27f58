// Words for the events of an invite.
import type { InviteEventType } from '../gql/graphql';
import { nameOf, sentenceCase } from '../wording';
import type { InviteEvent } from './inviteHistory';

/** Word for the subject of a history: an invite, or the join link of a group. */
export type Thing = 'invite' | 'link';

/** Verbs of the types: for a known actor, and without one. */
const verbs: Record<InviteEventType, [active: string, passive: string]> = {
  CREATED: ['created', 'was created'],
  UPDATED: ['changed', 'was changed'],
  RESENT: ['resent', 'was resent'],
  ACCEPTED: ['accepted', 'was accepted'],
  DECLINED: ['declined', 'was declined'],
  CANCELLED: ['withdrew', 'was withdrawn'],
  ROTATED: ['replaced', 'was replaced'],
  DISABLED: ['switched off', 'was switched off'],
  JOINED: ['joined by', 'was used to join'],
};

/** Names of changed fields whose keys are not nouns. */
const fieldNames: Record<string, string | undefined> = { expiresAt: 'expiry' };

const list = new Intl.ListFormat('en');

/** Returns the person who caused an event, if one is known, and the rest of the sentence about it. */
export function sentenceOf(event: InviteEvent, thing: Thing): { actor: string | null; rest: string } {
  const actor = event.actor && nameOf(event.actor);
  // A newer gateway may have more types.
  const verb = (verbs as Partial<typeof verbs>)[event.type];
  if (!verb) {
    const name = sentenceCase(event.type.toLowerCase());
    return { actor: null, rest: actor ? `${name}, by ${actor}` : name };
  }
  const [active, passive] = verb;
  const fields = event.changedFields.map((field) => fieldNames[field] ?? field);
  const what = fields.length > 0 ? `: ${list.format(fields)}` : '';
  return actor
    ? { actor, rest: `${active} the ${thing}${what}` }
    : { actor: null, rest: `The ${thing} ${passive}${what}` };
}
