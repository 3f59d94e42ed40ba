import { newBackendRecord } from '../../policy/backend-record.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { Decision } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { formerUser, session, type Forgets } from '../../policy/session.js';
import type { Ports } from '../../ports.js';
import type { TokenResult } from '../../protocol/api.js';
import type { Made } from '../../protocol/comlink.js';
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
  signIn(backends: readonly Backend[], user: string | null, at: number): Promise<void>;
  /** Ends the hold of the present cookie session, which is live again, and signs nobody in. */
  renew(backend: Backend): Promise<TokenResult>;
  /**
   * Signs the user out: entries that wait for a token are parked; with `purge` the user's own are removed. Where another user has come
   * since the page has asked for it, that session goes on, and the purge is of the former user's.
   */
  signOut(backends: readonly Backend[], purge: boolean, made: Made): Promise<void>;
}

/** A backend at a sign-out, and the events to tell of it. */
interface Closed {
  backend: Backend;
  /** No token in this worker says who was signed in. */
  isUncertain: boolean;
  events: SyncEvent[];
}

export function createSessions({ clock, outbox }: Pick<Ports, 'clock' | 'outbox'>, report: Report, neighbours: Neighbours): Sessions {
  /** Closes a backend's gates, and then forgets its token. Returns the events to emit. */
  function close(backend: Backend, forgets: Forgets, at: number, arriving = arrivingBy(backend, at)): SyncEvent[] {
    const [after, effect] = session(sessionOf(backend), { type: 'signed-out', at, arriving, cookieUser: sessionUser(backend), ...forgets });
    const user = after.signedOut?.user ?? null;
    for (const name of new Set(['', user ?? '', ...Object.keys(backend.record.gates)])) stepAuthGate(backend, name || null, { type: 'signed-out' });
    for (const name of Object.keys(backend.record.sessionGates)) stepAuthGate(backend, name || null, { type: 'signed-out' }, true);
    setSession(backend, after);
    if (arriving) backend.arriving = null;
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
    const forgets = knownTo([...closed.map(({ backend }) => backend), ...records.map((record) => ({ arriving: null, record }))], at);
    for (const one of closed) {
      const { backend } = one;
      const { signOuts, record } = backend;
      const { last, seen, sessionUser: user, signedOut, outAt, epoch } = records.find(({ key }) => key === record.key) ?? newBackendRecord(record.key);
      // Somebody may have signed in meanwhile; and what this worker is about to write may be newer.
      if (!one.isUncertain || !record.signedOut || epoch + 1 < record.epoch) continue;
      setSession(backend, { token: null, signOuts: signOuts - 1, last, seen, sessionUser: user, signedOut, outAt, epoch });
      // A token that came meanwhile isn't from before.
      one.events = close(backend, forgets, at, null);
    }
  }

  /** Removes the user's entries from the disk, and aborts their sends. */
  async function purge(backend: Backend, events: SyncEvent[], former?: string): Promise<void> {
    const at = clock.now();
    const others = neighbours.mayBe();
    const user = former ?? backend.record.signedOut?.user ?? null;
    const gone: number[] = [];
    const decide = (entry: EntryRecord): Decision | null => {
      const { seq, owner, state } = entry;
      const flight = backend.flights.get(seq);
      // A first send belongs to the page that makes it.
      if (outlives(entry) || (owner !== null && owner !== user) || (owner === null && former !== undefined) || flight?.firstSend) return null;
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
    async signIn(backends, user, said) {
      // All sessions change in this turn of the event loop, before the first write, so that nothing can come between.
      const changes = backends.map((backend) => {
        const before = sessionUser(backend);
        const [after, effect] = session(sessionOf(backend), { type: 'signed-in', user, at: said });
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
    async signOut(all, purges, { at, again }) {
      // A token that's being taken may be of a user who has come since.
      if (again) await Promise.all(all.map(({ taking }) => taking));
      const formers = all.map(({ record }) => (again ? formerUser(record.seen, at, clock.now()) : undefined));
      const backends = all.filter((_, index) => formers[index] === undefined);
      // All gates close in this turn of the event loop, before the first write, so that nothing can come between.
      const forgets = knownTo(backends, at);
      const closed = backends.map((backend): Closed => ({ backend, isUncertain: !(arrivingBy(backend, at) ?? backend.token), events: close(backend, forgets, at) }));
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
      const late = all.map(async (backend, index) => purges && formers[index] && purge(backend, [], formers[index]));
      await allWritten([...writing, ...late]);
    },
  };
}

/** The token that was being handed over when a page asked for a sign-out; one that came later is of who came next. */
const arrivingBy = ({ arriving }: Pick<Backend, 'arriving'>, at: number): Backend['arriving'] => (arriving && arriving.at <= at ? arriving : null);

/** The tokens that the backends know, were being handed at a sign-out, or knew at an earlier one. */
function knownTo(backends: readonly Pick<Backend, 'arriving' | 'record'>[], at: number): Forgets {
  const known = backends.flatMap((backend) => {
    const { last, signedOut } = backend.record;
    return [arrivingBy(backend, at) ?? [], last ?? signedOut?.forgotten ?? []].flat();
  });
  const [newest = null] = known.sort((a, b) => (b.issuedAt ?? 0) - (a.issuedAt ?? 0));
  const seen = backends.flatMap(({ record }) => record.seen).map((one) => [one.digest, one] as const);
  return { newest, seen: [...new Map(seen).values()].sort((a, b) => a.at - b.at) };
}

/** Waits for all writes, and then throws the first error, if any. */
async function allWritten(writing: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(writing)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Whether an entry survives a purge: it needs neither token nor session. An unreadable entry doesn't survive, as it may be the user's. */
const outlives = ({ scheme, session, reason }: EntryRecord): boolean => scheme === null && !session && reason !== 'unreadable';
