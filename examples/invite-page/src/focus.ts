// Moves the focus to something new on the screen, so that screen readers read it.
import { type RefObject, useEffect, useRef } from 'react';

/** Returns a ref for an element with `tabIndex={-1}`, which gets the focus when `news` changes. */
export function useFocusOn<E extends HTMLElement>(news: unknown): RefObject<E | null> {
  const element = useRef<E>(null);
  useEffect(() => {
    if (news) element.current?.focus();
  }, [news]);
  return element;
}
