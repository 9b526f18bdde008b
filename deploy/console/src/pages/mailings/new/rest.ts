/** What the form has no field for, as JSON beside it: joined with what the form asks for, and told apart from it again. */

import { isObject, type Json } from "../../../json.ts";

/** Both as one; lists one behind the other. `taken`: paths that both have, where the first one's value stays. */
export function joined<One extends object>(one: One, other: Json): { whole: One; taken: string[] } {
  const taken: string[] = [];
  const join = (base: Json, more: Json, where: string): Json => {
    const whole: Json = { ...base };
    for (const [name, value] of Object.entries(more)) {
      const known = base[name];
      const path = where ? `${where}.${name}` : name;
      if (known === undefined) whole[name] = value;
      else if (isObject(known) && isObject(value)) whole[name] = join(known, value, path);
      else if (Array.isArray(known) && Array.isArray(value)) whole[name] = [...known, ...value];
      else taken.push(path);
    }
    return whole;
  };
  return { whole: join(Object.fromEntries(Object.entries(one)), other, "") as One, taken };
}

/** What `whole` has beyond `part`; null: it is not `part` and more. */
export function restOf(whole: unknown, part: unknown): Json | null {
  if (!isObject(whole) || !isObject(part)) return null;
  const rest: Json = {};
  for (const [name, value] of Object.entries(whole)) {
    const known = part[name];
    if (value === undefined || same(value, known)) continue;
    if (known === undefined) rest[name] = value;
    else if (Array.isArray(value) && Array.isArray(known) && known.every((one) => value.some((other) => same(one, other)))) {
      rest[name] = value.filter((one) => !known.some((other) => same(one, other)));
    } else {
      const inner = restOf(value, known);
      if (inner === null) return null;
      rest[name] = inner;
    }
  }
  const isPart = Object.entries(part).every(([name, value]) => value === undefined || whole[name] !== undefined);
  return isPart ? rest : null;
}

/** Whether two values are one JSON, whatever the order of keys. */
export function same(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same((one as Json)[name], (other as Json)[name]));
}
