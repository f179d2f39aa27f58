// Button that asks before it acts, in a dialog that the browser keeps the focus in.
import { type ReactNode, useId, useRef } from 'react';

import { Button } from './Button';

interface Props {
  /** Name of the button, and of the one in the dialog that acts. */
  name: string;
  question: string;
  /** The consequences. */
  children: ReactNode;
  act: () => void;
  /** True if the button cannot be pressed now. */
  off?: boolean;
}

export function Question({ name, question, children, act, off = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const close = () => dialog.current?.close();
  return (
    <>
      <Button plain off={off} onClick={() => dialog.current?.showModal()}>{name}</Button>
      <dialog ref={dialog} className="card" aria-labelledby={heading}>
        <h2 id={heading}>{question}</h2>
        <p>{children}</p>
        <div className="row">
          <Button plain onClick={close}>Go back</Button>
          <Button
            onClick={() => {
              close();
              act();
            }}
          >
            {name}
          </Button>
        </div>
      </dialog>
    </>
  );
}
