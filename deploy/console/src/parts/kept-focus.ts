/** Keeps the keyboard's place: where what has the focus goes away, the nearest part of the page that is left gets it.
    The browser would begin again at the top, and a reader of the screen would hear nothing. */

/** Watches all of `root` for as long as the page lives. */
export function keepFocus(root: Element): void {
  let around: Element[] = [];
  document.addEventListener("focusin", ({ target }) => {
    around = [];
    for (let part = target instanceof Element ? target : null; part !== null && part !== root; part = part.parentElement) around.push(part);
  });
  new MutationObserver(() => {
    const [last] = around;
    if (last === undefined || last.isConnected || document.activeElement !== document.body) return;
    const left = around.find((part): part is HTMLElement => part instanceof HTMLElement && part.isConnected);
    focusOn(left ?? document.getElementById("content"));
  }).observe(root, { childList: true, subtree: true });
}

/** What takes no focus by itself gets it all the same; the page stays where it is scrolled to. */
export function focusOn(part: HTMLElement | null): void {
  if (part === null) return;
  if (part.tabIndex < 0 && !part.hasAttribute("tabindex")) part.tabIndex = -1;
  part.focus({ preventScroll: true });
}
