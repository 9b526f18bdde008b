/** Ids that nobody else draws. */

/** A UUID of version 4, RFC 9562 §5.4. `crypto.randomUUID` is there over https and on this machine alone. */
export function uuid(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets.set([((octets[6] ?? 0) & 0x0f) | 0x40], 6);
  octets.set([((octets[8] ?? 0) & 0x3f) | 0x80], 8);
  const digits = Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
