// Button that keeps the keyboard focus while it cannot be pressed, unlike one with `disabled`.
import type { ReactNode } from 'react';

interface Props {
  onClick: () => void;
  /** True if it cannot be pressed now. */
  off?: boolean;
  /** True if it does less than the button next to it. */
  plain?: boolean;
  /** The part of the screen that it opens and closes, by its id. */
  opens?: { id: string; isOpen: boolean };
  children: ReactNode;
}

export function Button({ onClick, off = false, plain = false, opens, children }: Props) {
  return (
    <button
      type="button"
      className={plain ? 'plain' : undefined}
      aria-disabled={off}
      aria-expanded={opens?.isOpen}
      aria-controls={opens?.isOpen ? opens.id : undefined}
      onClick={off ? undefined : onClick}
    >
      {children}
    </button>
  );
}
