// The app's environment variables: see settings.ts.
interface ImportMetaEnv {
  /** Origins of pictures, such as `https://avatars.example.com https://logos.example.com`. */
  readonly VITE_IMAGE_ORIGINS?: string;
}
