/** The title of the tab: the thing that is shown, its page, the console. */

import { useEffect } from "preact/hooks";

const shown = { thing: "", page: "", console: "" };

function write(): void {
  document.title = [shown.thing, shown.page, shown.console].filter(Boolean).join(" · ");
}

export function useTitle(page: string, name: string): void {
  useEffect(() => {
    Object.assign(shown, { page, console: name });
    write();
  }, [page, name]);
}

/** Of one thing on a page, as long as it is there. */
export function useThing(thing: string): void {
  useEffect(() => {
    shown.thing = thing;
    write();
    return () => {
      shown.thing = "";
      write();
    };
  }, [thing]);
}
