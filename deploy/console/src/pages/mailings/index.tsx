/** Mailings: all of them, a new one, or one of them by its id, as `rest` of the address says. */

import { All } from "./all";
import { NewMailing } from "./new/new-mailing";
import { One } from "./one";
import "./mailings.css";

export const NEW = "new";

export function Mailings({ rest }: { rest: string }) {
  if (rest === "") return <All />;
  return rest === NEW ? <NewMailing /> : <One key={rest} id={rest} />;
}
