/** A button that copies a text, and says whether the browser let it. */

import { useRef, useState } from "preact/hooks";
import { t } from "../words";

export function Copied({ text, label, isLink = false }: { text: string; label: string; isLink?: boolean }) {
  const [copied, note] = useState<string | null>("");
  const button = useRef<HTMLButtonElement>(null);
  const copy = async () => {
    const isCopied = await copiedByClipboard(text) || (button.current !== null && copiedBySelection(text, button.current));
    note(isCopied ? text : null);
  };
  return (
    <>
      <button type="button" ref={button} class={isLink ? "link" : ""} aria-label={`${t("secret.copy")}: ${label}`} onClick={copy}>
        {t(copied === text ? "secret.copied" : "secret.copy")}
      </button>
      {copied === null && <span class="failure" role="alert"> {t("secret.notCopied")}</span>}
    </>
  );
}

async function copiedByClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // the browser forbids it; over plain http from another machine there is no clipboard
  }
}

/** The old way, which works over plain http too. What is selected must stand where the focus may be: `beside`. */
function copiedBySelection(text: string, beside: HTMLElement): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  field.setAttribute("aria-hidden", "true");
  beside.after(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  beside.focus();
  return isCopied;
}
