/** Another password of one's own, typed twice. */

import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api";
import { t } from "../words";
import { TextField } from "./field";

export interface Chosen {
  password: string;
  again: string;
}

/** The password. Throws ApiError where the two differ. */
export function chosen({ password, again }: Chosen): string {
  if (password !== again) throw new ApiError(0, "", t("password.differ"), [{ field: "newPassword", rule: t("password.differ") }]);
  return password;
}

/** `isFirst`: what is to be filled in first here. */
export function NewPassword(props: { value: Chosen; changed: (value: Chosen) => void; fault?: string | undefined; isFirst?: boolean }) {
  const { value, changed, fault, isFirst } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isFirst || fault !== undefined) place.current?.querySelector("input")?.focus();
  }, [fault]);
  const more = { type: "password", autocomplete: "new-password", required: true } as const;
  return (
    <div ref={place}>
      <TextField id="new-password" label={t("password.new")} hint={t("password.rule")} fault={fault} value={value.password} changed={(password) => changed({ ...value, password })} more={more} />
      <TextField id="new-password-again" label={t("password.again")} value={value.again} changed={(again) => changed({ ...value, again })} more={more} />
    </div>
  );
}
