// A link to copy. The field can be copied from by hand, where the browser refuses the clipboard.
import { useId, useRef, useState } from 'react';

import { Button } from '../Button';

export function CopyLink({ link, whose }: { link: string; whose: string }) {
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <span className="copy">
      <label className="unseen" htmlFor={id}>Link for {whose}</label>
      <input id={id} ref={field} readOnly value={link} />
      <Button plain onClick={() => void copy()}>{copied ? 'Copied' : 'Copy the link'}</Button>
    </span>
  );
}
