// The app's environment variables: see settings.ts.
interface ImportMetaEnv {
  /** URL that accepts invites, such as `https://example.com/accept`. Without it, no invite has a button. */
  readonly VITE_ACCEPT_URL?: string;
  /** Origins of pictures, such as `https://avatars.example.com https://logos.example.com`. */
  readonly VITE_IMAGE_ORIGINS?: string;
}
