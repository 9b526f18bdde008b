/** Support: what became of a customer's messages, and why. */

export function Support({ rest }: { rest: string }) {
  return <p>{rest}</p>;
}
