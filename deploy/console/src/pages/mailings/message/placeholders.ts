/**
 * Which braces of a text are placeholders, which are text and which are a mistake, by the API's own rules
 * (`services/ingest/mailing/rules/placeholders.py`), so that a mistake is seen while it is typed. A test runs both.
 */

const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*";
const NAMED = new RegExp(`\\{\\{${BLANK}(?:([\\p{L}\\p{N}_]{1,64})|(['"])([{}]{1,2})\\2)${BLANK}\\}\\}`, "uy");
const SINGLE = new RegExp(`(?<!\\{)\\{${BLANK}([\\p{L}\\p{N}_]{1,64})${BLANK}\\}(?!\\})`, "gu");
const RUN = /\{+|\}+/gu;
const RESERVED = new Set(["to", "externalUserId", "id"]);

/** A piece of a text: as it is, or the name of a value. */
export type Part = { text: string; name?: undefined } | { name: string; text?: undefined };

/** Where braces are odd: line and character from 1, as an editor counts, and what stands there. */
export interface OddBraces {
  line: number;
  character: number;
  found: string;
}

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  const textUntil = (end: number) => end > from && parts.push({ text: text.slice(from, end) });
  for (let at = text.indexOf("{{"); at >= 0; at = text.indexOf("{{", at)) {
    const named = matchAt(text, at);
    if (named === null) {
      at += 1;
      continue;
    }
    textUntil(at);
    parts.push(named[1] === undefined ? { text: named[3] ?? "" } : { name: named[1] });
    from = at += named[0].length;
  }
  textUntil(text.length);
  return parts;
}

/** The names in these texts, each once, in order. */
export function namesIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(partsOf).flatMap((part) => (part.name === undefined ? [] : [part.name])))];
}

/** Whether it is the name of a column that every list may have, and so of no value. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** Names that stand in single braces: text, which everybody gets as it is, and perhaps a placeholder was meant. */
export function singleBraced(text: string): string[] {
  return [...text.matchAll(SINGLE)].flatMap(([, name]) => name ?? []);
}

export function oddBraces(text: string): OddBraces | null {
  if (!text.includes("{{") && !text.includes("}}")) return null;
  let at = 0;
  let behind = 0; // where the last placeholder ends
  let open = 0;
  for (let run = runFrom(text, at); run !== null; run = runFrom(text, at)) {
    const count = run[0].length;
    const start = run.index;
    at = start + count;
    if (text[start] === "{") {
      const named = count === 2 ? matchAt(text, start) : null;
      if (count === 1) open += 1;
      else if (named !== null) at = behind = start + named[0].length;
      else return oddAt(text, start, count);
    } else if (open >= count) open -= count;
    else if (count > 1 || (start === behind && behind > 0)) return oddAt(text, start, count);
  }
  return null;
}

function matchAt(text: string, at: number): RegExpExecArray | null {
  NAMED.lastIndex = at;
  return NAMED.exec(text);
}

function runFrom(text: string, at: number): RegExpExecArray | null {
  RUN.lastIndex = at;
  return RUN.exec(text);
}

function oddAt(text: string, at: number, count: number): OddBraces {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, character: [...(before.at(-1) ?? "")].length + 1, found: text.slice(at, at + Math.min(count, 5)) };
}
