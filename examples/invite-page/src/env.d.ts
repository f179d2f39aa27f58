// The app's environment variables: see settings.ts.
interface ImportMetaEnv {
  /** Such as `https://example.com/accept`. Without it, no invite has a button. */
  readonly VITE_ACCEPT_URL?: string;
  /** Such as `https://avatars.example.com https://logos.example.com`. */
  readonly VITE_IMAGE_ORIGINS?: string;
}
