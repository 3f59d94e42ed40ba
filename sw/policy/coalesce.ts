/** Which of two writes that wait need not go out, as another one says the same and more. */
import { isFirstSend, type EntryRecord } from './entry-record.js';
import { fitsInPlace } from './given-ids.js';
import { isObject, patched, type Json } from './merge-patch.js';

/** A write as `coalesce` gets it. */
export interface Write {
  method: string;
  /** Absolute. */
  url: string;
  /** By lower-case name; without directives, `Authorization`, a CSRF token and the idempotency key. */
  headers: Readonly<Record<string, string>>;
  /** Text where the content type is text, JSON or a form; else bytes, and a Blob where they're many. Null for none. */
  body: string | ArrayBuffer | Blob | null;
  /** The temporary id for which the answer will give the real one (`Holdfast-Provides`). */
  provides?: string;
}

/** The write that goes out in the place of two: a field that's left out is the newer write's. `'discard'`: none goes out. Null: both do. */
export type Merged = (Partial<Pick<Write, 'method' | 'url' | 'headers'>> & { body?: Write['body'] | ArrayBufferView<ArrayBuffer> }) | 'discard' | null;

/** Says what goes out in the place of two writes of which none has been sent. */
export type Coalesce = (older: Write, newer: Write) => Merged | undefined | Promise<Merged | undefined>;

/**
 * The rule of `coalesce: true`. A PUT takes the place of a PUT to its URL. A merge patch (RFC 7396) is folded into a merge patch, or a PUT
 * of JSON, to its URL, where the outcome is the same for certain. A POST that provides a temporary id, and the DELETE of what it
 * would make, are both discarded. Writes with different conditions stay apart. So do a PUT or a PATCH and the DELETE of what there is
 * already: a server that refuses the DELETE would have lost the other.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export function coalesceWrites(older: Write, newer: Write): Merged {
  if (conditionsOf(older) !== conditionsOf(newer)) return null;
  if (newer.method === 'DELETE') return older.method === 'POST' && isMadeBy(older, newer.url) ? 'discard' : null;
  if (newer.url !== older.url) return null;
  if (newer.method === 'PUT') return older.method === 'PUT' ? {} : null;
  const isPatch = older.method === 'PATCH';
  const isFoldable = newer.method === 'PATCH' && MERGE_PATCH.test(typeOf(newer)) && (isPatch ? MERGE_PATCH : older.method === 'PUT' ? JSON_TYPE : /^$/).test(typeOf(older));
  // A digest or a signature is that of one body.
  if (!isFoldable || [older, newer].some(({ headers }) => Object.keys(headers).some((name) => /digest|md5|signature/.test(name)))) return null;
  try {
    const body = JSON.stringify(patched(objectIn(older.body), objectIn(newer.body), isPatch));
    return { method: older.method, headers: { ...newer.headers, 'content-type': typeOf(older) }, body };
  } catch {
    return null;
  }
}

/**
 * Whether an entry may still be changed by a new request: the entry waits, nobody has sent it, both travel with one credential, and
 * provide one temporary id at most. The new request must await nothing that stands behind the entry.
 */
export const isOpenTo = (entry: EntryRecord, newer: Omit<EntryRecord, 'seq'>): boolean =>
  entry.state === 'pending' &&
  !isFirstSend(entry) &&
  entry.sends === 0 &&
  !entry.unheard &&
  entry.damaged === undefined &&
  standingOf(entry) === standingOf(newer) &&
  fitsInPlace({ ...newer, awaits: (newer.awaits ?? []).filter((seq) => seq !== entry.seq) }, entry);

/**
 * Whether an entry changes just what a request of the same lane and user deletes: where the thing isn't made, as its POST and the
 * request are both discarded, there's nothing to change.
 */
export const isMoot = (entry: EntryRecord, newer: Omit<EntryRecord, 'seq'>): boolean =>
  newer.request.method === 'DELETE' && /^P[UA]T/.test(entry.request.method) && entry.request.url === newer.request.url && !entry.provides && String(entry.turn) === String(newer.turn);

/** What an entry awaits and provides that does the work of two. A write to what the entry itself makes awaits nothing. */
export function idsOf(entry: EntryRecord, newer: Omit<EntryRecord, 'seq'>): Pick<EntryRecord, 'provides' | 'awaits'> {
  const provides = newer.provides ?? entry.provides;
  const awaits = [...new Set([...(entry.awaits ?? []), ...(newer.awaits ?? [])])].filter((seq) => seq !== entry.seq);
  return { ...(provides !== undefined && { provides }), ...(awaits.length > 0 && { awaits }) };
}

const standingOf = ({ turn, scheme, csrf }: Pick<EntryRecord, 'turn' | 'scheme' | 'csrf'>): string => JSON.stringify([turn, scheme, csrf]);

const MERGE_PATCH = /^application\/merge-patch\+json *(;|$)/i;
const JSON_TYPE = /^application\/(?!merge-patch|json-patch)([^;]+\+)?json *(;|$)/i;

const typeOf = ({ headers }: Write): string => headers['content-type'] ?? '';

/** The headers that say when a write counts, or for what: conditions, a part of the whole, another method. */
const conditionsOf = ({ headers }: Write): string => JSON.stringify(Object.entries(headers).filter(([name]) => /^if-|^content-range$|^x-(http-)?method/.test(name)));

/** Whether a URL is that of what a POST makes: the POST's own, and the temporary id that it provides. */
function isMadeBy({ url: collection, provides }: Write, url: string): boolean {
  const [base = ''] = collection.split(/\/?(?:[?#]|$)/);
  return provides !== undefined && [provides, encodeURIComponent(provides)].some((id) => url.replace(/\/$/, '') === `${base}/${id}`);
}

/** @throws for a body that's no JSON object, or that would change if it were written again: a number of many digits, a key that's there twice */
function objectIn(body: Write['body']): Json {
  const value: unknown = typeof body === 'string' ? JSON.parse(body) : null;
  if (!isObject(value) || JSON.stringify(value) !== body) throw new TypeError();
  return value;
}
