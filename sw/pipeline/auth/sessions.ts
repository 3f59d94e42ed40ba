import { newBackendRecord, type LastToken } from '../../policy/backend-record.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { Decision } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { session } from '../../policy/session.js';
import type { Ports } from '../../ports.js';
import type { TokenResult } from '../../protocol/api.js';
import type { SyncEvent } from '../../protocol/events.js';
import { noCsrf, type Backend } from '../backend/backend.js';
import { sessionUser, stepAuthGate } from '../backend/gates.js';
import { sessionOf, setSession } from '../backend/session.js';
import type { Report } from '../report.js';
import type { Neighbours } from '../workers/neighbours.js';
import { aboutGate, releasedEvent, renewSession } from './hold-events.js';

/** Sign-ins by cookie, and sign-outs. */
export interface Sessions {
  /** Begins a user's cookie session; null: somebody's session, as the app doesn't say whose. Ends the hold of that session. */
  signIn(backends: readonly Backend[], user: string | null): Promise<void>;
  /** Ends the hold of the present cookie session, which is live again, and signs nobody in. */
  renew(backend: Backend): Promise<TokenResult>;
  /** Signs the user out, as the page has asked at `at`: entries that wait for a token are parked; with `purge` the user's own are removed. */
  signOut(backends: readonly Backend[], purge: boolean, at: number): Promise<void>;
}

/** A backend at a sign-out, and the events to tell of it. */
interface Closed {
  backend: Backend;
  /** No token in this worker says who was signed in. */
  isUncertain: boolean;
  events: SyncEvent[];
}

export function createSessions({ clock, outbox }: Pick<Ports, 'clock' | 'outbox'>, report: Report, neighbours: Neighbours): Sessions {
  /**
   * Closes a backend's gates, and then forgets its token. Returns the events to emit.
   *
   * @param newest the newest token of all backends, which this backend forgets as well, seen or not
   */
  function close(backend: Backend, newest: LastToken | null, at: number, arriving = backend.arriving): SyncEvent[] {
    const [after, effect] = session(sessionOf(backend), { type: 'signed-out', at, arriving, cookieUser: sessionUser(backend), newest });
    const user = after.signedOut?.user ?? null;
    for (const name of new Set(['', user ?? '', ...Object.keys(backend.record.gates)])) stepAuthGate(backend, name || null, { type: 'signed-out' });
    for (const name of Object.keys(backend.record.sessionGates)) stepAuthGate(backend, name || null, { type: 'signed-out' }, true);
    setSession(backend, after);
    backend.arriving = null;
    backend.acceptedCredential = null;
    backend.csrf = noCsrf();
    return effect === 'signed-out' ? [{ type: 'held', ...aboutGate(backend, user, at), reason: 'signed-out', id: null }] : [];
  }

  /**
   * Signs out once more at backends where no token says who was signed in, by what the disk says now: another living worker
   * may have written it since this worker's start.
   */
  async function signOutByDisk(closed: readonly Closed[], at: number): Promise<void> {
    const { backends: records } = await outbox.start(1);
    const newest = newestOf([...closed.map(({ backend }) => backend), ...records.map((record) => ({ arriving: null, record }))]);
    for (const one of closed) {
      const { backend } = one;
      const { arriving, signOuts, record } = backend;
      const { last, sessionUser: user, signedOut, epoch } = records.find(({ key }) => key === record.key) ?? newBackendRecord(record.key);
      // Somebody may have signed in meanwhile; and what this worker is about to write may be newer.
      if (!one.isUncertain || !record.signedOut || epoch + 1 < record.epoch) continue;
      setSession(backend, { token: null, signOuts: signOuts - 1, last, sessionUser: user, signedOut, epoch });
      one.events = close(backend, newest, at, null);
      // A token that came meanwhile isn't from before.
      backend.arriving = arriving;
    }
  }

  /** Removes the user's entries from the disk, and aborts their sends. */
  async function purge(backend: Backend, events: SyncEvent[]): Promise<void> {
    const at = clock.now();
    const others = neighbours.mayBe();
    const user = backend.record.signedOut?.user ?? null;
    const gone: number[] = [];
    const decide = (entry: EntryRecord): Decision | null => {
      const { seq, owner, state } = entry;
      const flight = backend.flights.get(seq);
      // A first send belongs to the page that makes it.
      if (outlives(entry) || (owner !== null && owner !== user) || flight?.firstSend) return null;
      gone.push(seq);
      return transition(entry, state === 'dead' ? { type: 'discarded' } : { type: 'cancelled', inFlight: flight !== undefined || others }, at);
    };
    await report.sweep({ backend: backend.record, events, decide, forget: user });
    for (const seq of gone) {
      const flight = backend.flights.get(seq);
      if (!flight) continue;
      flight.cancelled = true;
      flight.abort.abort(new DOMException('The user has signed out', 'AbortError'));
    }
  }

  return {
    async signIn(backends, user) {
      // All sessions change in this turn of the event loop, before the first write, so that nothing can come between.
      const changes = backends.map((backend) => {
        const before = sessionUser(backend);
        const [after, effect] = session(sessionOf(backend), { type: 'signed-in', user });
        setSession(backend, after);
        const at = clock.now();
        const events = effect === 'signed-in' ? [releasedEvent(backend, user, at)] : [];
        if (sessionUser(backend) !== before) backend.csrf = noCsrf();
        // Requests of an unknown user travel in any session.
        for (const owner of new Set([sessionUser(backend), null])) events.push(...renewSession(backend, owner, at));
        return { backend, events };
      });
      const writing = changes.map(({ backend, events }) => report.commit({ backend: backend.record, events }));
      await allWritten(writing);
    },
    async renew(backend) {
      const events = [sessionUser(backend), null].flatMap((owner) => renewSession(backend, owner, clock.now()));
      if (events.length > 0) await report.commit({ backend: backend.record, events });
      return events.length > 0 ? 'released' : 'stored';
    },
    async signOut(backends, purges, at) {
      // All gates close in this turn of the event loop, before the first write, so that nothing can come between.
      const newest = newestOf(backends);
      const closed = backends.map((backend): Closed => ({ backend, isUncertain: !(backend.arriving ?? backend.token), events: close(backend, newest, at) }));
      if (neighbours.mayBe() && closed.some(({ isUncertain }) => isUncertain)) {
        const reading = signOutByDisk(closed, at).catch(() => {});
        // Tokens that come meanwhile count after the sign-out.
        for (const backend of backends) backend.taking = Promise.all([backend.taking, reading]);
        await reading;
      }
      const writing = closed.map(async ({ backend, events }) => {
        try {
          await (purges ? purge(backend, events) : report.commit({ backend: backend.record, events }));
        } catch (error) {
          // The gate stays closed while this worker lives. The caller gets the error, and may try again.
          report.tell(...events);
          throw error;
        }
      });
      await allWritten(writing);
    },
  };
}

/** The newest of the tokens that the backends know, are being handed, or knew at an earlier sign-out. */
function newestOf(backends: readonly Pick<Backend, 'arriving' | 'record'>[]): LastToken | null {
  const known = backends.flatMap(({ arriving, record: { last, signedOut } }) => [arriving ?? [], last ?? signedOut?.forgotten ?? []].flat());
  return known.reduce<LastToken | null>((newest, token) => (newest && (newest.issuedAt ?? -Infinity) >= (token.issuedAt ?? -Infinity) ? newest : token), null);
}

/** Waits for all writes, and then throws the first error, if any. */
async function allWritten(writing: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(writing)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Whether an entry survives a purge: it needs neither token nor session. An unreadable entry doesn't survive, as it may be the user's. */
const outlives = ({ scheme, session, reason }: EntryRecord): boolean => scheme === null && !session && reason !== 'unreadable';
