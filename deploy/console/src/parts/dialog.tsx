/** A question over the page. The browser keeps the focus inside and gives it back; Escape closes it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export function Dialog({ title, closed, children }: { title: string; closed: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onClose={closed} onCancel={closed}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
