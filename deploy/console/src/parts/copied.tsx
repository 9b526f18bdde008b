/** A button that copies a text, and says whether the browser let it. */

import { useState } from "preact/hooks";
import { t } from "../words";

export function Copied({ text, label, isLink = false }: { text: string; label: string; isLink?: boolean }) {
  const [copied, note] = useState<string | null>("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      note(text);
    } catch {
      note(null); // the browser forbids it
    }
  };
  if (!("clipboard" in navigator)) return null;
  return (
    <>
      <button type="button" class={isLink ? "link" : ""} aria-label={`${t("secret.copy")}: ${label}`} onClick={copy}>
        {t(copied === text ? "secret.copied" : "secret.copy")}
      </button>
      {copied === null && <span class="failure" role="alert"> {t("secret.notCopied")}</span>}
    </>
  );
}
