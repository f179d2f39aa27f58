// Personas and sample invites of the demo, from the dev server's /demo.json.
import { useEffect, useState } from 'react';

export interface Demo {
  personas: { name: string; story: string; token: string }[];
  cases: { kind: string; key: string | null; globalId: string; shows: string }[];
}

/** Null while loading, and if the dev server cannot describe the demo. */
export function useDemo(): Demo | null {
  const [demo, setDemo] = useState<Demo | null>(null);
  useEffect(() => {
    void fetch('/demo.json')
      .then((response) => response.json() as Promise<Demo | null>)
      .then(setDemo);
  }, []);
  return demo;
}
