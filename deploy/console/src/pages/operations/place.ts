/** Addresses of the sub-pages of Operations. */

export function at(...parts: string[]): string {
  return `#/operations/${parts.map(encodeURIComponent).join("/")}`;
}
