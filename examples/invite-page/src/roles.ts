// Roles: which manage a target, and which a manager of a workspace may grant. The gateway decides;
// this only keeps the page from offering what it would refuse.

const managing = {
  Workspace: ['owner', 'admin'],
  Group: ['owner', 'manager'],
  Course: ['creator', 'manager'],
};

/** Returns true if this role manages a target of this type. */
export function manages(type: keyof typeof managing, role: string | null): boolean {
  return role !== null && managing[type].includes(role);
}

/** Roles in a workspace, from the highest to the lowest. */
const ranks = ['owner', 'admin', 'manager', 'editor', 'member', 'billing', 'viewer', 'guest'];

/** Returns the roles that a manager with this role may grant: their own and lower ones. Staff grant all. */
export const grantableBy = (own: string | null) =>
  own !== null && manages('Workspace', own) ? ranks.slice(ranks.indexOf(own)) : ranks;
