/** A share as it is shown, to a tenth of a percent. */

const LEAST = 0.001;

/** `sign` stands before it where it would be rounded to none or to all, and is neither. */
export function shareOf(part: number, whole: number): { share: number; sign: "" | "<" | ">" } {
  const share = whole ? part / whole : 0;
  if (share > 0 && share < LEAST) return { share: LEAST, sign: "<" };
  if (share < 1 && share > 1 - LEAST) return { share: 1 - LEAST, sign: ">" };
  return { share, sign: "" };
}
