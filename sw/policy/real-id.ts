import type { RealId } from './temporary-ids.js';

/** A server's answer, for whoever reads an id out of it. */
export interface IdAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** The parsed JSON, in which whole numbers of more than 15 digits are strings; the text of any other body; null without a body. */
  body: unknown;
}

/** Reads the real id out of the answer to a request with `Holdfast-Provides`; null for none. */
export type IdsFrom = (answer: IdAnswer) => string | number | null | undefined | Promise<string | number | null | undefined>;

/** The id where most servers give it: `id`, `_id` or `data.id` of the JSON, else the last segment of `Location`. */
export const idFrom: IdsFrom = ({ headers: { location = '' }, body }) => {
  const { id, _id, data } = (body ?? {}) as { id?: unknown; _id?: unknown; data?: { id?: unknown } | null };
  const given = [id, _id, data?.id].find((value) => typeof value === 'string' || typeof value === 'number');
  return (given as string | number | undefined) ?? decodeURIComponent(/([^/]*)\/?$/.exec(location.split(/[?#]/)[0]!)![1]!);
};

/** Any JSON token that may be taken for a number, and the strings, in which there's none. */
const STRINGS_AND_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|[\d.eE+-]+/gs;

/** A body's JSON, or its text. */
export function readBody(text: string): unknown {
  try {
    return JSON.parse(text.replace(STRINGS_AND_NUMBERS, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token)));
  } catch {
    return text || null;
  }
}

/** @param text the answer that the id is from: a number of more than 15 digits is a string by now. Null for a value that can't be an id */
export function realIdOf(value: unknown, text = ''): RealId | null {
  const id = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  // A URL would lose a dot as a segment.
  if (typeof id !== 'string' || !/^(?!\.\.?$).{1,1024}$/s.test(id)) return null;
  const isNumber = typeof value === 'number' || (/^-?\d{16,}$/.test(id) && text !== '' && !text.includes(`"${id}"`));
  return { id, ...(isNumber && { isNumber }) };
}
