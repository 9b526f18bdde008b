/** A question over the page. The browser keeps the focus inside and gives it back; Escape closes it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Over {
  title: string;
  closed: () => void;
  /** Escape does not close it. */
  isFirm?: boolean;
  children: ComponentChildren;
}

export function Dialog({ title, closed, isFirm, children }: Over) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  const kept = (event: Event) => event.preventDefault();
  const pressed = (event: KeyboardEvent) => isFirm && event.key === "Escape" && event.preventDefault();
  return (
    <dialog ref={element} aria-labelledby={id} onKeyDown={pressed} onClose={closed} onCancel={isFirm ? kept : closed}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
