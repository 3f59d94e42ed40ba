import { isSecret, MASK, maskNamed, maskUrl } from '../../sw/policy/secrets.js';
import { JSON_TOKEN } from './json-tokens.js';

/** Text, with whatever in it looks like a token, a URL's secret, or a secret field of JSON, whole or cut off. */
export const maskString = (text: string): string => maskFields(maskUrl(text));

/** A JSON value with its secrets masked. @throws RangeError when it's too deep */
export function maskJson(value: unknown): unknown {
  if (typeof value === 'string') return maskString(value);
  if (Array.isArray(value)) return value.map(maskJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [maskString(name), isSecret(name) && inner !== null ? MASK : maskJson(inner)]),
  );
}

/**
 * Puts the secrets back into a value that was edited with them masked. A secret of an object is known by its
 * name. A record, which is an object or an array in another, or an element of an array, keeps the secrets in it
 * where it's left alone, wherever it's moved to; and one that was changed does while it's the only one that was.
 *
 * @throws TypeError where it can't be told which secret a mask stands for, or where there was none
 */
export const unmaskJson = (edited: unknown, original: unknown): unknown => unmask(edited, original, maskJson(original));

function unmask(edited: unknown, original: unknown, shown: unknown): unknown {
  const written = canonical(edited);
  if (written === canonical(shown)) return original;
  if (!written.includes(MASK)) return edited;
  if (!isRecord(edited) || !isRecord(shown) || Array.isArray(edited) !== Array.isArray(shown))
    throw new TypeError(`${MASK} stands where no hidden value was`);
  const isList = Array.isArray(edited);
  const places = unmaskPlaces(edited, original, shown, isList);
  return isList ? Object.values(places) : places;
}

type Places = Record<string, unknown>;

/** @param isList its places are numbers, and mean nothing when one has come or gone */
function unmaskPlaces(edited: object, original: unknown, shown: object, isList: boolean): Places {
  const [now, before, masked] = [edited, original, shown] as [Places, Places, Places];
  const [written, looks] = [looksOf(now), looksOf(masked)];
  const alike = new Map<string, string[]>();
  for (const [place, look] of looks) alike.set(look, [...(alike.get(look) ?? []), place]);
  const isSecretive = (value: unknown, look: string) => look.includes(MASK) && (isList || isRecord(value));
  const secretive = [...looks].filter(([place, look]) => isSecretive(masked[place], look)).map(([place]) => place);
  const left = [...written].filter(([place, look]) => isSecretive(now[place], look));
  const isAsBefore = (place: string) => written.get(place) === looks.get(place);
  const changed = secretive.filter((place) => !isAsBefore(place));
  const isWhole = isList ? written.size === looks.size : left.length === secretive.length;

  return Object.fromEntries(
    [...written].map(([place, look]) => {
      const value = now[place];
      if (!look.includes(MASK)) return [place, value];
      const places = alike.get(look) ?? [];
      const isInPlace = isAsBefore(place) && (!isList || (isWhole && places.every(isAsBefore)));
      if (isInPlace) return [place, before[place]];
      if (!isList && !isRecord(value)) return [place, unmask(value, before[place], masked[place])];
      const [first, ...others] = places.map((other) => canonical(before[other]));
      if (first !== undefined && others.every((other) => other === first)) return [place, before[places[0]!]];
      if (first === undefined && isWhole && changed.length === 1 && changed[0] === place) return [place, unmask(value, before[place], masked[place])];
      throw new TypeError(`${MASK} stands where it can't be told which hidden value it was`);
    }),
  );
}

const looksOf = (places: Places) => new Map(Object.keys(places).map((place) => [place, canonical(places[place])]));

const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The same for values that are the same, in whatever order their names stand. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    isRecord(inner) && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? '';

/** Masks what is a secret by its name in text that isn't JSON as a whole: it breaks off, or has a value on each line. */
export const maskFields = (text: string): string =>
  // A name that's longer is no secret's; without a limit, quotes in quotes would take minutes.
  maskNamed(text, /"((?:[^"\\]|\\.){0,128})"\s*:\s*/gs, (from) => endOfValue(text, from), `"${MASK}"`, (name) => isSecret(unescaped(name)));

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (const { 0: token, index } of text.slice(from).matchAll(JSON_TOKEN)) {
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (depth <= 0) return from + index + token.length;
  }
  return text.length;
}

function unescaped(name: string): string {
  try {
    return JSON.parse(`"${name}"`) as string;
  } catch {
    return name;
  }
}
