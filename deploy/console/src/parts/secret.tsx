/** A secret that is told once. */

import { useState } from "preact/hooks";
import { t } from "../words";
import { Dialog } from "./dialog";

/** A secret that nobody can ask for again: the page waits until somebody says that it is kept. */
export function Secret(props: { title: string; values: [name: string, value: string][]; close: () => void }) {
  const [copied, setCopied] = useState<string | null>("");
  const copy = async (name: string, value: string) => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(name);
    } catch {
      setCopied(null); // the browser forbids it
    }
  };
  return (
    <Dialog title={props.title} isFirm closed={props.close}>
      <p>{t("secret.once")}</p>
      <dl class="secrets">
        {props.values.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>{" "}
              {"clipboard" in navigator && (
                <button type="button" class="link" aria-label={`${t("secret.copy")}: ${name}`} onClick={() => copy(name, value)}>
                  {t(copied === name ? "secret.copied" : "secret.copy")}
                </button>
              )}
            </dd>
          </>
        ))}
      </dl>
      {copied === null && <p class="failure" role="alert">{t("secret.notCopied")}</p>}
      <div class="row end">
        <button type="button" class="main" onClick={props.close}>{t("secret.kept")}</button>
      </div>
    </Dialog>
  );
}
