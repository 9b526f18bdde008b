/** A value about a person, which the platform has masked; `show` asks it for the value itself, and that look is recorded. */

import { t } from "../words";

export function Masked({ value, label, show }: { value: string; label: string; show: (() => void) | undefined }) {
  return (
    <span>
      {value}{" "}
      {show && (
        <button type="button" class="link" aria-label={`${t("support.reveal")}: ${label}`} title={t("support.recorded")} onClick={show}>
          {t("support.reveal")}
        </button>
      )}
    </span>
  );
}
