/** The page of what was not accepted of the partner who is signed in. */

import { t } from "../../words";
import { Refusals } from "../refusals";

export function OwnRefusals() {
  return (
    <>
      <h1>{t("refusals.title")}</h1>
      <Refusals partner={null} />
    </>
  );
}
