import { csrfCookie } from '../../policy/csrf.js';
import { decoded } from '../../policy/text.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { Ports } from '../../ports.js';
import type { CsrfGiven, TokenResult } from '../../protocol/api.js';
import type { SyncEvent } from '../../protocol/events.js';
import type { Backend } from '../backend/backend.js';
import { sessionUser } from '../backend/gates.js';
import { renewSession } from './hold-events.js';

/** CSRF headers by lower-case name. They are credentials, in memory alone. */
export type CsrfHeaders = Readonly<Record<string, string>>;

/** The newest CSRF headers for an entry; null where a value isn't known, and {} for an entry that had none. */
export type CsrfFor = (backend: Backend, entry: Pick<EntryRecord, 'csrf'>) => Promise<CsrfHeaders | null>;

/**
 * The value of each header comes from, in this order: the cookie that goes with the header, as the worker or a page sees
 * it; what a page gave; the newest value on the page's own requests.
 */
export function createCsrfFor({ cookie }: Pick<Ports, 'cookie'>): CsrfFor {
  return async (backend, { csrf = [] }) => {
    const cookies = { ...backend.csrf.given?.cookies };
    for (const header of csrf) {
      const name = csrfCookie(header, backend.config.csrf.cookie);
      const value = name !== null && (await cookie(name));
      if (name !== null && value) cookies[name] = value;
    }
    const known = csrf.flatMap((header) => {
      const value = knownValue(backend, header, cookies);
      return value === null ? [] : [[header, value] as const];
    });
    return known.length < csrf.length ? null : Object.fromEntries(known);
  };
}

/** The value of a CSRF header, as far as the worker knows; null where it doesn't. */
function knownValue({ config, csrf: { given, seen } }: Backend, header: string, cookies: CsrfGiven['cookies']): string | null {
  const cookie = cookies[csrfCookie(header, config.csrf.cookie) ?? ''];
  const value = cookie ? decoded(cookie) : (given?.token ?? seen[header] ?? null);
  // A value that no header can carry would break off each replay.
  return value !== null && /^[\x20-\x7e]+$/.test(value) ? value : null;
}

/** Learns the CSRF headers of a page's own request, unless the backend learns nothing. Returns whether a value is new. */
export function learnCsrf({ config: { auth }, csrf }: Backend, headers: CsrfHeaders): boolean {
  const isNew = auth?.learn !== false && Object.entries(headers).some(([name, value]) => csrf.seen[name] !== value);
  if (isNew) Object.assign(csrf, { seen: { ...csrf.seen, ...headers }, given: null });
  return isNew;
}

/**
 * Opens the gates that are held for a CSRF token, if the newest known value isn't the refused one. Returns the events to emit.
 *
 * @param given what a page knows of the token, once it was asked
 */
export function renewCsrf(backend: Backend, given: CsrfGiven | undefined, at: number): { result: TokenResult; events: SyncEvent[] } {
  const { csrf, token, record } = backend;
  const isBlank = given !== undefined && given.token === null && Object.keys(given.cookies).length === 0;
  if (given && !isBlank) csrf.given = given;
  const refused = Object.entries(csrf.refused ?? {});
  const isSame = refused.length > 0 && refused.every(([name, value]) => [null, value].includes(knownValue(backend, name, csrf.given?.cookies ?? {})));
  const isNews = !isBlank && !isSame;
  const present = ['', sessionUser(backend), token?.owner];
  const events = Object.entries(record.sessionGates).flatMap(([name, { hold }]) =>
    hold?.reason === 'csrf-expired' && present.includes(name) && (isNews || hold.unsure) ? renewSession(backend, name || null, at) : [],
  );
  const result = events.length > 0 ? 'released' : isNews ? 'stored' : isBlank ? 'ignored: blank' : 'ignored: same-token';
  return { result, events };
}
