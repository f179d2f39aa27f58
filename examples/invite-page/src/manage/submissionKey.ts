// The idempotency key of a submission: a double click, or trying again after a lost response, creates
// nothing twice.
import { useRef } from 'react';

export interface SubmissionKey {
  /** Returns the key of these contents. It stays the same until the submission has its outcome. */
  of: (contents: unknown) => string;
  /** Forgets the key, because the outcome is there: what is submitted next is new. */
  settle: () => void;
}

export function useSubmissionKey(): SubmissionKey {
  const last = useRef<{ contents: string; key: string }>(null);
  return {
    of(contents) {
      const text = JSON.stringify(contents);
      if (last.current?.contents !== text) {
        last.current = { contents: text, key: crypto.randomUUID() };
      }
      return last.current.key;
    },
    settle() {
      last.current = null;
    },
  };
}
