// What whoever builds the app sets, by environment variables.

/** Where an invite is accepted: the gateway reads, and accepting is the product's own part. */
const ACCEPT_URL = import.meta.env.VITE_ACCEPT_URL;

/** Origins that pictures may come from. Others would learn who opens which invite. */
const IMAGE_ORIGINS = (import.meta.env.VITE_IMAGE_ORIGINS ?? '').split(/\s+/);

export type Kind = 'code' | 'workspace' | 'group' | 'course';

/** The address that accepts an invite, if there is one: `VITE_ACCEPT_URL` with its key. */
export function acceptUrl(kind: Kind, key: string): string | undefined {
  return ACCEPT_URL?.replace('{kind}', kind).replace('{key}', encodeURIComponent(key));
}

export function mayLoad(picture: string): boolean {
  return URL.canParse(picture) && IMAGE_ORIGINS.includes(new URL(picture).origin);
}
