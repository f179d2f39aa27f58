// Picture of a person or a workspace, or initials if there is none.
import { useState } from 'react';

import { mayLoad } from './settings';

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  const first = (word = '') => letters.segment(word)[Symbol.iterator]().next().value?.segment;
  return ends.map(first).join('').toUpperCase();
}

/** Hidden from screen readers, because the name is always next to it. */
export function Picture({ url, name }: { url: string | null | undefined; name: string }) {
  const [failed, setFailed] = useState(false);
  return url && mayLoad(url) && !failed ? (
    <img className="picture" src={url} alt="" onError={() => setFailed(true)} />
  ) : (
    <span className="picture" aria-hidden="true">{initialsOf(name)}</span>
  );
}
