import type { EntryBody } from '../../sw/protocol/api.js';
import { survives } from './json-tokens.js';
import { canonical, maskJson } from './masked-json.js';
import { jsonIn, showBody, textOf, type ShownBody } from './shown-body.js';

/** A field of two versions, as text with its secrets masked; null where a version hasn't got it. */
export interface ComparedField {
  name: string;
  mine: string | null;
  theirs: string | null;
  isSame: boolean;
}

/** How much of a version is compared, in bytes. */
const LIMIT = 64 * 1024;

type Version = Pick<EntryBody, 'bytes' | 'contentType' | 'truncated'>;

/** Two versions, field by field. Null where they can't be compared so: one is no JSON object, or only a beginning. */
export function comparedFields(mine: Version, theirs: Version): ComparedField[] | null {
  const [ours, others] = [fieldsOf(mine), fieldsOf(theirs)];
  if (!ours || !others) return null;
  const [shown, shownOthers] = [maskJson(ours), maskJson(others)] as [Fields, Fields];
  const names = [...new Set([...Object.keys(ours), ...Object.keys(others)])];
  return names.map((name) => {
    const masked = Object.keys(maskJson({ [name]: null }) as Fields)[0]!;
    return {
      name: masked,
      mine: textIn(shown, masked),
      theirs: textIn(shownOthers, masked),
      isSame: Object.hasOwn(ours, name) && Object.hasOwn(others, name) && canonical(ours[name]) === canonical(others[name]),
    };
  });
}

type Fields = Record<string, unknown>;

function fieldsOf({ bytes, truncated }: Version): Fields | undefined {
  const text = truncated || bytes.byteLength > LIMIT ? null : textOf(bytes);
  const json = text === null ? undefined : jsonIn(text);
  // A number with more digits than JavaScript keeps would look the same as another.
  return !json || Array.isArray(json) || !survives(text!, json) ? undefined : (json as Fields);
}

function textIn(shown: Fields, name: string): string | null {
  if (!Object.hasOwn(shown, name)) return null;
  const value = shown[name];
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** A version as it's shown by itself: its beginning, where it's long. */
export const shownVersion = ({ bytes, contentType, truncated }: Version): Promise<ShownBody> =>
  showBody({ bytes: bytes.slice(0, LIMIT), contentType, truncated: truncated || bytes.byteLength > LIMIT });
