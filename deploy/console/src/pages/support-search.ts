/** Finds messages by whatever somebody has typed: an id of theirs, or whom they went to. */

import { ApiError, get } from "../api";
import { place, type Schemas } from "../documents";
import { isPortal } from "../session";
import { queryOf, type Filter } from "./support-filter";

export type Found = Schemas["MessagePage"];

/** An id names a message, whatever the filter says; of a phone or a user it leaves some out, and of all that a partner has. */
export interface Question {
  field: "id" | "phone" | "user" | "all";
  asked: string;
  filter: Filter;
}

export interface Group extends Found {
  question: Question;
}

const PAGE = 20;

/** What looks like a phone is asked for as a phone and as an id, for it may be both. Anything else is tried as an id, then as
    a user id; so is a phone of which nothing is known. */
export async function search(asked: string, filter: Filter, signal: AbortSignal): Promise<Group[]> {
  const group = (field: Question["field"]) => first({ field, asked, filter }, signal);
  if (asked === "") return [await group("all")];
  const [ofId, ofPhone] = await Promise.all([group("id"), looksLikePhone(asked) ? unlessRefused(group("phone")) : null]);
  const known = [ofPhone, ofId].filter((found): found is Group => found !== null && found.messages.length > 0);
  if (known.length > 0) return ofPhone && !known.includes(ofPhone) ? [ofPhone, ...known] : known;
  const ofUser = await group("user");
  return [ofPhone && ofUser.messages.length === 0 ? ofPhone : ofUser];
}

/** The page behind a cursor, or the first one. */
export function page({ field, asked, filter }: Question, cursor: string | null, signal: AbortSignal): Promise<Found> {
  const narrowed = field === "id" ? {} : queryOf(filter);
  const named = field === "all" ? {} : { [field]: asked };
  return get(place("/v1/messages", { ...named, ...narrowed, limit: PAGE, cursor, masked: isPortal ? null : true }), signal);
}

async function first(question: Question, signal: AbortSignal): Promise<Group> {
  return { ...(await page(question, null, signal)), question };
}

/** Null if the platform says that it is no phone. */
async function unlessRefused(asking: Promise<Group>): Promise<Group | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof ApiError && error.status === 400 && error.fields.some(({ field }) => field === "phone")) return null;
    throw error;
  }
}

/** A copied one may hold signs that nobody sees. */
function looksLikePhone(asked: string): boolean {
  const seen = asked.replace(/\p{Cf}/gu, "");
  const digits = seen.replace(/\D/g, "").length;
  return digits >= 7 && digits <= 16 && /^[\d+\-()\s.]+$/.test(seen);
}
