import { DomainError } from '#platform';

/** What a form holds: text, or lists and objects of it. Objects have no prototype. */
type FormValue = string | FormValue[] | { [key: string]: FormValue };
type FormObject = { [key: string]: FormValue };

/** Bounds, so that a hostile body costs little: far above what the API takes. */
const PAIRS_MAX = 1_000;
const DEPTH_MAX = 6;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** A branch while it is being filled; it becomes a list or an object only when all its keys are known. */
type Branch = Map<string, Branch | string>;

/**
 * Reads `application/x-www-form-urlencoded` in the bracket notation of Stripe's SDKs: `payload[value]=1`, `items[0][price]=p`, `expand[]=a`.
 *
 * Strict where lenient readers differ from each other, because the guess would be about money: a name given twice, a name that is both
 * text and object, list indices with gaps, unbalanced brackets and bad percent escapes are refused.
 * @throws DomainError `malformed_form`
 */
export function parseForm(text: string): FormObject {
  const root: Branch = new Map();
  const pairs = text === '' ? [] : text.split('&');
  if (pairs.length > PAIRS_MAX) throw malformed(`more than ${PAIRS_MAX} parameters`);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    put(root, splitName(name), equals < 0 ? '' : decode(pair.slice(equals + 1)), name);
  }
  return toObject(root);
}

function splitName(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!match) throw malformed(`the name "${name}" is not of the form a[b][0]`);
  const [, head = '', rest = ''] = match;
  const keys = [head, ...Array.from(rest.matchAll(/\[([^[\]]*)\]/g), ([, key = '']) => key)];
  if (keys.length > DEPTH_MAX) throw malformed(`the name "${name}" is nested deeper than ${DEPTH_MAX}`);
  const forbidden = keys.find((key) => FORBIDDEN_KEYS.has(key));
  if (forbidden !== undefined) throw malformed(`the key "${forbidden}" is not allowed`);
  return keys;
}

function put(root: Branch, keys: readonly string[], value: string, name: string): void {
  let branch = root;
  keys.forEach((given, depth) => {
    // `a[]` is the next index of a list.
    const key = given === '' ? String(branch.size) : given;
    const existing = branch.get(key);
    if (depth === keys.length - 1) {
      if (existing !== undefined) throw malformed(`"${name}" is given twice`);
      branch.set(key, value);
      return;
    }
    if (typeof existing === 'string') throw malformed(`"${name}" is given both as a value and as an object`);
    const next: Branch = existing ?? new Map<string, Branch | string>();
    branch.set(key, next);
    branch = next;
  });
}

function toValue(node: Branch | string): FormValue {
  if (typeof node === 'string') return node;
  const keys = [...node.keys()];
  if (!keys.every((key) => /^(0|[1-9]\d{0,3})$/.test(key))) return toObject(node);
  const items = keys.map(Number).sort((a, b) => a - b);
  if (items.some((index, position) => index !== position)) throw malformed(`list indices ${items.join(', ')} leave a gap`);
  return items.map((index) => toValue(node.get(String(index)) ?? ''));
}

function toObject(branch: Branch): FormObject {
  const object = Object.create(null) as FormObject;
  for (const [key, node] of branch) object[key] = toValue(node);
  return object;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(`"${text}" is not valid percent encoding`);
  }
}

function malformed(what: string): DomainError {
  return new DomainError({ kind: 'invalid', code: 'malformed_form', message: `The form body or query could not be read: ${what}.` });
}
