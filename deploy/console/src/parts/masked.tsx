/** A value about a person: hidden from whoever looks over the shoulder until it is asked for. */

import { useState } from "preact/hooks";
import { t } from "../words";

export function Masked({ value, label }: { value: string; label: string }) {
  const [isShown, show] = useState(false);
  if (isShown) return <span>{value}</span>;
  return (
    <span>
      ••••{value.length > 6 ? value.slice(-2) : ""}{" "}
      <button type="button" class="link" aria-label={`${t("support.reveal")}: ${label}`} onClick={() => show(true)}>
        {t("support.reveal")}
      </button>
    </span>
  );
}
