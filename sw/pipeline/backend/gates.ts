import { OPEN_AUTH_GATE, authGate, type AuthGate, type AuthGateEffect, type AuthGateEvent, type Hold } from '../../policy/auth-gate.js';
import type { Settings } from '../../policy/backend-record.js';
import type { EntryRecord, Credential } from '../../policy/entry-record.js';
import { isOver, clocksAt, type Clocks } from '../../policy/jwt.js';
import type { AuthView, BackendView } from '../../policy/lanes.js';
import type { LiveToken } from '../../policy/session.js';
import type { BackendStatus } from '../../protocol/api.js';
import type { Backend } from './backend.js';
import type { Flight } from './flights.js';

/** The name in the record of the gates for cookie sessions, or for tokens. */
const kindOf = (session: boolean) => (session ? 'sessionGates' : 'gates');

/** The gate of an owner's tokens, or of a user's cookie session. */
export function authGateOf({ record }: Backend, owner: string | null, session = false): AuthGate {
  const gates = record[kindOf(session)];
  const name = owner ?? '';
  // An owner may be called `constructor`.
  return Object.hasOwn(gates, name) ? gates[name]! : OPEN_AUTH_GATE;
}

/** The effect of an event on an auth gate, and the way back. */
export interface GateStep {
  effect: AuthGateEffect;
  /** Puts the gate back when the step can't be written, unless the gate has moved on since. */
  undo(): void;
}

/** Applies an event to the gate of one owner. */
export function stepAuthGate(backend: Backend, owner: string | null, event: AuthGateEvent, session = false): GateStep {
  const before = authGateOf(backend, owner, session);
  const [after, effect] = authGate(before, event);
  // The record is written only when it's another object than the written one.
  if (after !== before) setAuthGate(backend, owner, after, session);
  const undo = () => {
    if (after !== before && authGateOf(backend, owner, session) === after) setAuthGate(backend, owner, before, session);
  };
  return { effect, undo };
}

/** Notes that pages have been told of a hold. False where there's no hold, or they had been told before. */
export function markTold(backend: Backend, owner: string | null, session = false): boolean {
  const gate = authGateOf(backend, owner, session);
  if (!gate.hold || gate.hold.told) return false;
  setAuthGate(backend, owner, { ...gate, hold: { ...gate.hold, told: true } }, session);
  return true;
}

function setAuthGate(backend: Backend, owner: string | null, gate: AuthGate, session: boolean): void {
  const kind = kindOf(session);
  backend.record = { ...backend.record, [kind]: { ...backend.record[kind], [owner ?? '']: gate } };
}

/** The hold that keeps an entry back, of its token or of its session; null for none. */
export const holdOn = (backend: Backend, { scheme, owner }: Pick<Credential, 'scheme' | 'owner'>): Hold | null =>
  (scheme === null ? null : authGateOf(backend, owner).hold) ?? authGateOf(backend, owner, true).hold;

/** The present time by this device's clock and by the backend's, which tokens are made by. */
export const clocksOf = ({ record }: Backend, now: number): Clocks => clocksAt(now, record.serverSkewMs);

/** Notes that a request was delivered under a credential, unless a sign-out since the send has forgotten that. */
export function noteAccepted(backend: Backend, credential: string | null, signOutsAtSend: number): void {
  if (backend.signOuts === signOutsAtSend) backend.acceptedCredential = credential;
}

/** The user of the cookie session, as the app's `owner` or the page says. */
export const sessionUser = ({ config, record }: Backend): string | null => config.owner(null) ?? record.sessionUser;

/** The `Authorization` of an entry: the live token in the entry's own scheme, or bare for an entry without a scheme. */
export const authorizationOf = ({ scheme }: EntryRecord, { value }: LiveToken): string =>
  scheme ? `${scheme} ${value}` : value;

/** How the auth gate looks to an entry, or to a request that isn't stored yet. */
export function authView(backend: Backend, entry: Credential, now: number): AuthView {
  const view = tokenView(backend, entry, now);
  // A CSRF token is of a cookie session, whatever else the entry travels with.
  if (!(entry.session || entry.csrf) || (view !== 'open' && view !== 'probing')) return view;
  const { hold, probing } = authGateOf(backend, entry.owner, true);
  return probing ? 'probing' : hold ? 'held' : view;
}

function tokenView(backend: Backend, { scheme, owner, session }: Credential, now: number): AuthView {
  const { token, record } = backend;
  if (scheme === null) return session && owner !== null && owner !== sessionUser(backend) ? 'parked' : 'open';
  if (record.signedOut) return 'parked';
  if (token && owner !== null && token.owner !== owner) return 'parked';
  const gate = authGateOf(backend, owner);
  if (gate.hold) return 'held';
  if (!token) return 'missing';
  if (isOver(token.expiresAt, clocksOf(backend, now))) return 'over';
  return gate.probing ? 'probing' : 'open';
}

/** Whether an entry is somebody else's than the signed-in user's. After a restart the user of the last token counts as signed in. */
export function isParked(backend: Backend, entry: Credential, now: number): boolean {
  const live = backend.token ?? backend.record.last;
  return authView(backend, entry, now) === 'parked' || (entry.scheme !== null && entry.owner !== null && live !== null && live.owner !== entry.owner);
}

/** Whether an entry waits for its user to sign in. A CSRF token is the page's to fetch, without its user. */
export const awaitsSignIn = (backend: Backend, entry: Credential, now: number): boolean =>
  authView(backend, entry, now) === 'held' && holdOn(backend, entry)?.reason !== 'csrf-expired';

/** The switches in force: on unless the app, its user or the server has switched them off. */
export function configurationOf({ config, record: { remote } }: Backend, settings: Settings): Pick<BackendStatus, 'autoRetry' | 'offlineMode'> {
  // An answer from another address doesn't count, as the option may have changed.
  const said = remote?.url === config.remoteConfig ? remote : undefined;
  return {
    autoRetry: (settings.autoRetry ?? config.auth?.autoRetry ?? true) && (said?.autoRetry ?? true),
    offlineMode: (settings.offlineMode ?? true) && (said?.offlineMode ?? true),
  };
}

/** @param own the flight of the entry that's planned, which isn't in its own way; left out while the entry has none */
export function viewOf(backend: Backend, isRetryGateClosed: boolean, now: number, own?: Flight): BackendView {
  const all = [...backend.flights.values()].filter((flight) => flight !== own);
  const flights = all.filter(({ isDelivered }) => !isDelivered);
  const unwritten = (lane: string) => all.filter((flight) => flight.isDelivered && flight.lane === lane).length;
  const full = all.map(({ lane }) => lane).filter((lane) => unwritten(lane) >= backend.config.replayAhead);
  return {
    concurrency: backend.config.concurrency,
    busyLanes: new Set([...flights.map(({ lane }) => lane), ...full]),
    tokenInFlight: flights.some((flight) => flight.needsToken),
    circuit: backend.record.circuit,
    isProbed: backend.probe !== null,
    throttledUntil: backend.record.throttledUntil,
    isRetryGateClosed,
    maxAgeMs: backend.config.limits.maxAgeMs,
    auth: (entry) => authView(backend, entry, now),
    standing({ awaits }) {
      const standing = backend.providers.standing(awaits);
      // Where a dead letter blocks its lane, so does what waits for one.
      return backend.config.onDead === 'block' && standing !== 'ready' && standing !== 'gone' ? 'awaits-id' : standing;
    },
  };
}
