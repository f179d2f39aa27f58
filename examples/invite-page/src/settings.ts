// Settings of the build, from environment variables.

/** URL that accepts invites. The gateway only reads; the product accepts. */
const ACCEPT_URL = import.meta.env.VITE_ACCEPT_URL;

/** Allowed origins of pictures. Other origins would learn who opens which invite. */
const IMAGE_ORIGINS = (import.meta.env.VITE_IMAGE_ORIGINS ?? '').split(/\s+/);

/** Returns the URL that accepts an invite, if configured, such as `…/code/WELCOME-2026`. */
export function acceptUrl(...address: string[]): string | undefined {
  return ACCEPT_URL && [ACCEPT_URL, ...address.map(encodeURIComponent)].join('/');
}

export function mayLoad(picture: string): boolean {
  return URL.canParse(picture) && IMAGE_ORIGINS.includes(new URL(picture).origin);
}
