// Button that keeps the keyboard focus while it cannot be pressed, unlike one with `disabled`.
import type { ReactNode } from 'react';

interface Props {
  onClick: () => void;
  /** True if it cannot be pressed now. */
  off?: boolean;
  /** True if it does less than the button next to it. */
  plain?: boolean;
  children: ReactNode;
}

export function Button({ onClick, off = false, plain = false, children }: Props) {
  return (
    <button
      type="button"
      className={plain ? 'plain' : undefined}
      aria-disabled={off}
      onClick={off ? undefined : onClick}
    >
      {children}
    </button>
  );
}
