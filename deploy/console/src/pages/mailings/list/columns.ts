/**
 * The first lines of a list, read in the browser, so that it is seen before the upload whether it has a column for
 * each placeholder. The whole file is never read here; what the list is, the API decides.
 */

const HEAD_BYTES = 64 * 1024;
const DELIMITERS = [";", ",", "\t", "|"] as const;
const BLANKS = /[\s_\-\u00ad\u200b-\u200f\u2060\ufeff]+/g;
const PEOPLE = ["to", "phone", "externalUserId"];
const OWN = ["to", "phone", "externalUserId", "id"];

export interface Head {
  isPacked: boolean;
  isCsv: boolean;
  /** False: the encoding has to be named. */
  isReadable: boolean;
  columns: string[];
  /** The first recipient, by column. */
  sample: Record<string, string>;
}

/** `charset` empty: UTF-8, or what the file's mark says. */
export async function headOf(file: Blob, charset: string): Promise<Head> {
  const start = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const isPacked = start[0] === 0x1f && start[1] === 0x8b;
  const bytes = isPacked ? await unpackedStart(start) : start;
  const { text, isReadable } = decoded(bytes, charset);
  const isCsv = !text.trimStart().startsWith("{");
  const [columns, sample] = isCsv ? tableOf(text) : objectOf(text);
  return { isPacked, isCsv, isReadable, columns, sample };
}

/** What of a column's name counts, as the API reads it: case, blanks, _ and - do not. */
export function keyOf(column: string): string {
  return column.replace(BLANKS, "").toLowerCase();
}

/** The value of the sample that a placeholder would show; undefined: there is no column for it. */
export function sampleOf(head: Head, name: string): string | undefined {
  const column = head.columns.find((known) => known === name) ?? (head.isCsv ? head.columns.find((known) => keyOf(known) === keyOf(name)) : undefined);
  return column === undefined ? undefined : (head.sample[column] ?? "");
}

/** The columns without which no line of a table can be taken; of JSON lines each has its own, so none is known to lack. */
export function missingIn(head: Head, names: readonly string[]): string[] {
  if (!head.isCsv || !head.isReadable || head.columns.length === 0) return [];
  const found = names.filter((name) => sampleOf(head, name) === undefined);
  return hasPeople(head) ? found : [PEOPLE.join(" / "), ...found];
}

export function hasPeople(head: Head): boolean {
  const people = PEOPLE.map(keyOf);
  return head.columns.some((column) => people.includes(keyOf(column)));
}

async function unpackedStart(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: BlobPart[] = [];
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) pieces.push(piece.value);
  } catch (error) {
    if (pieces.length === 0) throw error; // damaged; otherwise it is only cut off, as it must be
  }
  return new Uint8Array(await new Blob(pieces).slice(0, HEAD_BYTES).arrayBuffer());
}

function decoded(bytes: Uint8Array<ArrayBuffer>, charset: string): { text: string; isReadable: boolean } {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  const named = marked ?? (charset || "utf-8");
  const last = bytes.lastIndexOf(10);
  const whole = named === "utf-8" && last > 0 ? bytes.subarray(0, last) : bytes; // not through the middle of a character
  try {
    return { text: new TextDecoder(named, { fatal: named === "utf-8" }).decode(whole), isReadable: true };
  } catch {
    return { text: new TextDecoder("windows-1251").decode(whole), isReadable: false }; // `isReadable` says it
  }
}

function tableOf(text: string): [string[], Record<string, string>] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const told = /^"?sep=(\\t|.)/i.exec(lines[0] ?? "");
  const [header = "", first = ""] = told ? lines.slice(1) : lines;
  const between = told ? [told[1] === "\\t" ? "\t" : (told[1] ?? ";")] : DELIMITERS;
  const known = new Set(OWN.map(keyOf));
  const worth = (row: string[]) => row.filter((cell) => known.has(keyOf(cell))).length * 1000 + row.length;
  const [delimiter = ";"] = [...between].sort((one, other) => worth(cellsOf(header, other)) - worth(cellsOf(header, one)));
  const columns = cellsOf(header, delimiter);
  const cells = cellsOf(first, delimiter);
  return [columns.filter(Boolean), Object.fromEntries(columns.map((column, place) => [column, cells[place] ?? ""]))];
}

function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const letter = line[at] ?? "";
    if (isQuoted && letter === '"' && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === delimiter && !isQuoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += letter;
  }
  return [...cells, cell.trim()];
}

function objectOf(text: string): [string[], Record<string, string>] {
  const first = text.trimStart().split(/\r?\n/)[0] ?? "";
  try {
    const found = Object.entries(JSON.parse(first) as Record<string, unknown>);
    return [found.map(([name]) => name), Object.fromEntries(found.map(([name, value]) => [name, String(value ?? "")]))];
  } catch {
    return [[], {}]; // the upload's answer says what is wrong with it
  }
}
