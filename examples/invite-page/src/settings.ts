// Settings of the build, from environment variables.

/** Allowed origins of pictures. Other origins would learn who opens which invite. */
const IMAGE_ORIGINS = (import.meta.env.VITE_IMAGE_ORIGINS ?? '').split(/\s+/);

export function mayLoad(picture: string): boolean {
  return URL.canParse(picture) && IMAGE_ORIGINS.includes(new URL(picture).origin);
}
