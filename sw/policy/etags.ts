import type { EntryRecord } from './entry-record.js';
import type { FinalAnswer } from './settlement.js';

/** What our own last delivery has made of the version of a URL. */
export interface EtagNote {
  /** The user whose delivery it was; null where nobody knows. */
  owner: string | null;
  url: string;
  /** The `seq` of the delivered entry. */
  seq: number;
  /** When the answer came. */
  at: number;
  /** The version since the delivery. */
  etag: string;
  /** Versions that our deliveries have made stale, one after the other. */
  stale: string[];
}

/** How many notes of a backend are kept, and how many stale versions in each. */
export const ETAG_NOTES = 1000;
const STALE = 20;

/**
 * One strong entity tag (RFC 9110 §8.8.3). A list or `*` names no one version, and a weak tag matches no `If-Match` (§13.1.1), so
 * neither is followed.
 */
const isStrong = (tag: string | null | undefined): tag is string => /^"[^"]*"$/.test(tag ?? '');

const withoutHash = (url: string): string => url.replace(/#.*/s, '');

/** Names an owner's notes of a URL. */
export const etagName = ({ owner, url }: Pick<EtagNote, 'owner' | 'url'>): string => JSON.stringify([owner, url]);

/** The owner and the URL of an entry. */
export const versioned = ({ owner, request }: EntryRecord): Pick<EtagNote, 'owner' | 'url'> => ({ owner, url: withoutHash(request.url) });

/**
 * The `If-Match` in place of an entry's own, which an earlier delivery has made stale; null where the entry's own goes out. Whoever
 * made the entry before that delivery was answered can't have known the new version, and has gone on from what was delivered. A
 * request that `onConflict` has changed is made for the version that it names.
 */
export const followedEtag = ({ seq, capturedAt, mended, request }: EntryRecord, note: EtagNote | undefined): string | null =>
  note && !mended && seq > note.seq && capturedAt <= note.at && note.stale.includes(request.headers['if-match'] ?? '') ? note.etag : null;

/**
 * What a delivery makes of the note of its URL. Null where the version is unknown from now on: the request, or the answer, names no
 * version, so that others' changes may lie between. An `ETag` in the answer to a write is that of the new representation (RFC 9110
 * §8.8), with a 204, too (§15.3.5); but it's another resource's with a 201 (§15.3.2), after redirects, and behind another
 * `Content-Location` (§8.7).
 *
 * @param sent the `If-Match` that went out
 */
export function noteDelivery(entry: EntryRecord, sent: string | null, { status, headers, url: redirected }: FinalAnswer, before: EtagNote | undefined, at: number): EtagNote | null {
  const { etag, 'content-location': location = '' } = headers;
  const { owner, url } = versioned(entry);
  const isItsOwn = status >= 200 && status < 300 && status !== 201 && redirected === undefined && isSame(location, url);
  if (!isItsOwn || !isStrong(sent) || !isStrong(etag)) return null;
  const stale = [...(before?.etag === sent ? before.stale : []), sent].slice(-STALE);
  return { owner, url, seq: entry.seq, at, etag, stale };
}

function isSame(location: string, url: string): boolean {
  try {
    return location === '' || withoutHash(new URL(location, url).href) === url;
  } catch {
    return false;
  }
}
