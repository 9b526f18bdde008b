/** What a form does when it is sent: once at a time, and what was refused is kept to be told. */

import { useRef, useState } from "preact/hooks";

export interface Submission {
  submitted: (event: Event) => Promise<void>;
  isRunning: boolean;
  error: unknown;
}

/** The first field that was refused, or what is said of all of it, which may lie behind the fold. */
export function showFault(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>("[aria-invalid]");
  if (field) field.focus();
  else form?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
}

/** It is off from then on, once it is `done`. */
export function useSubmission<T>(run: () => Promise<T>, done: (value: T) => void): Submission {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isSent = useRef(false); // a second press may come before the button is drawn as off
  const submitted = async (event: Event) => {
    event.preventDefault();
    if (isSent.current) return;
    isSent.current = true;
    setRunning(true);
    setError(null);
    try {
      done(await run());
    } catch (refused) {
      setError(refused);
      setRunning(false);
      isSent.current = false;
    }
  };
  return { submitted, isRunning, error };
}
