/** What is wrong with lifetimes in words, by the fields of a form. */

import { duration, told } from "../../../parts/figures";
import { t } from "../../../words";
import { channelName } from "../../../parts/channel-name";
import type { Channel } from "../model";
import type { Draft } from "./draft";
import { LIFETIME_S, misfits, type Lived, type Misfit } from "./lifetimes";

/** Of a mailing's cascade. */
export function faultsOfLifetimes(draft: Draft): Record<string, string> {
  const later = draft.fallbacks.map((fallback, place): Lived => ({ ...fallback, at: `fallbacks-${place}-ttl`, after: `fallbacks-${place}-state` }));
  return wordsOf([{ ...draft, at: "ttl" }, ...later], draft);
}

export function wordsOf(links: readonly Lived[], { when, deadline }: Pick<Draft, "when" | "deadline">): Record<string, string> {
  const leftS = when === "window" && deadline ? (new Date(deadline).getTime() - Date.now()) / 1000 : null;
  return Object.fromEntries(misfits(links, leftS).map((misfit) => [misfit.at, saidOf(misfit)]));
}

function saidOf(misfit: Misfit): string {
  if (misfit.is === "behind the deadline") return told("mailings.behindDeadline", { waits: duration(misfit.waitsS * 1000) });
  return told("mailings.lifetimeRange", { channel: channelName(misfit.channel), ...rangeOf(misfit.channel) });
}

/** How long messages of a channel may live. */
export function hintOf(channel: Channel): string {
  return told("mailings.lifetimeHint", rangeOf(channel));
}

function rangeOf(channel: Channel) {
  const [least, most] = LIFETIME_S[channel];
  return { least: duration(least * 1000), most: most === 86_400 ? `24 ${t("unit.hour")}` : duration(most * 1000) };
}
