import { isSecret, MASK, maskText } from '../../sw/policy/secrets.js';
import { JSON_TOKEN } from './json-tokens.js';

/** A JSON value with its secrets masked. */
export function maskJson(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name) && inner !== null ? MASK : maskJson(inner)]),
  );
}

/**
 * Puts the secrets back into a value that was edited with them masked. In an object they're known by their
 * names, in an array by the elements they stand in: one that was moved keeps its own, and one that was changed
 * does while it's the only one and no other has come or gone.
 *
 * @throws TypeError where it can't be told which secret a mask stands for, or where there was none
 */
export const unmaskJson = (edited: unknown, original: unknown): unknown => unmask(edited, original, maskJson(original));

function unmask(edited: unknown, original: unknown, shown: unknown): unknown {
  if (!hasMask(edited) || same(edited, shown)) return same(edited, shown) ? original : edited;
  if (typeof edited !== 'object' || edited === null || typeof shown !== 'object' || shown === null || Array.isArray(edited) !== Array.isArray(shown))
    throw new TypeError(`${MASK} stands where no hidden value was`);
  if (Array.isArray(edited)) return unmaskElements(edited, original as unknown[], shown as unknown[]);
  const [before, masked] = [original, shown] as Record<string, unknown>[];
  return Object.fromEntries(
    Object.entries(edited).map(([name, inner]) => [name, Object.hasOwn(masked!, name) ? unmask(inner, before![name], masked![name]) : unmask(inner, undefined, undefined)]),
  );
}

function unmaskElements(edited: unknown[], original: unknown[], shown: unknown[]): unknown[] {
  const isInPlace = edited.length === shown.length;
  const changed = edited.filter((element, at) => !same(element, shown[at]));
  return edited.map((element, at) => {
    if (!hasMask(element)) return element;
    if (isInPlace && same(element, shown[at])) return original[at];
    const [first, ...others] = original.filter((_, place) => same(element, shown[place]));
    if (first !== undefined && others.every((other) => same(other, first))) return first;
    if (first === undefined && isInPlace && changed.length === 1) return unmask(element, original[at], shown[at]);
    throw new TypeError(`${MASK} stands where it can't be told which hidden value it was`);
  });
}

const hasMask = (value: unknown): boolean => JSON.stringify(value)?.includes(MASK) ?? false;
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Masks what is a secret by its name in text that isn't JSON as a whole: it breaks off, or has a value on each line. */
export function maskFields(text: string): string {
  let shown = '';
  let told = 0;
  for (const { 0: before, 1: name, index } of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*/gs)) {
    if (index < told || !isSecret(name!)) continue;
    const from = index + before.length;
    shown += `${text.slice(told, from)}"${MASK}"`;
    told = endOfValue(text, from);
  }
  return shown + text.slice(told);
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (const { 0: token, index } of text.slice(from).matchAll(JSON_TOKEN)) {
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (depth <= 0) return from + index + token.length;
  }
  return text.length;
}
