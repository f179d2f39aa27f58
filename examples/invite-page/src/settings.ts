// What whoever builds the app sets, by environment variables.

/** Where an invite is accepted: the gateway reads, and accepting is the product's own part. */
const ACCEPT_URL = import.meta.env.VITE_ACCEPT_URL;

/** Origins that pictures may come from. Others would learn who opens which invite. */
const IMAGE_ORIGINS = (import.meta.env.VITE_IMAGE_ORIGINS ?? '').split(/\s+/);

/** The address that accepts an invite, if there is one, such as `…/code/WELCOME-2026`. */
export function acceptUrl(...address: string[]): string | undefined {
  return ACCEPT_URL && [ACCEPT_URL, ...address.map(encodeURIComponent)].join('/');
}

export function mayLoad(picture: string): boolean {
  return URL.canParse(picture) && IMAGE_ORIGINS.includes(new URL(picture).origin);
}
