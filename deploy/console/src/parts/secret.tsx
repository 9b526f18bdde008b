/** A secret that is told once. */

import { t } from "../words";
import { Copied } from "./copied";
import { Dialog } from "./dialog";

/** A secret that nobody can ask for again: the page waits until somebody says that it is kept. */
export function Secret(props: { title: string; values: [name: string, value: string][]; close: () => void }) {
  return (
    <Dialog title={props.title} isFirm closed={props.close}>
      <p>{t("secret.once")}</p>
      <dl class="secrets">
        {props.values.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd><code>{value}</code> <Copied text={value} label={name} isLink /></dd>
          </>
        ))}
      </dl>
      <div class="row end">
        <button type="button" class="main" onClick={props.close}>{t("secret.kept")}</button>
      </div>
    </Dialog>
  );
}
