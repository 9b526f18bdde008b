/** A button that asks the platform for values that it has masked: it says which, and that the look is recorded. */

import { t } from "../words";

export function ShowMasked({ label, show }: { label: string; show: () => void }) {
  return (
    <button type="button" title={t("support.recorded")} onClick={show}>
      {label}
    </button>
  );
}
