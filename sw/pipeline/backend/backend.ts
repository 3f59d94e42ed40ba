import { authGate, OPEN_AUTH_GATE, type AuthGate, type AuthGateEffect, type AuthGateEvent } from '../../policy/auth-gate.js';
import { CLOSED } from '../../policy/circuit.js';
import type { BodyErrors } from '../../policy/body-errors.js';
import type { Classifier } from '../../policy/classify.js';
import type { Credential, EntryRecord } from '../../policy/entry-record.js';
import type { AuthView, BackendView } from '../../policy/lanes.js';
import { isOver, type Clocks } from '../../policy/jwt.js';
import { connectivityGate, type RetryGate } from '../../policy/retry-gate.js';
import type { RetryPolicy } from '../../policy/retry.js';
import type { BackendStatus, EntryInfo } from '../../protocol/api.js';
import { Berths, type Berth } from './arrivals.js';
import { LaneLedger } from './lane-index.js';
import type { Changes } from './connectivity.js';
import { noteDate, type ServerClock } from './server-clock.js';
import { createValidation, type Validation } from './network-validation.js';
import type { BackendRecord, LastToken, Limits, Ports, Settings } from '../../ports.js';

/** How a page hears of a stored request. */
export type RespondMode = 'queued' | 'reject' | 'wait';

export interface AuthConfig {
  /** Undefined: not strict. */
  codes: readonly string[] | undefined;
  /** Undefined: no body is read but a 401's and a 403's. */
  bodyErrors: BodyErrors | undefined;
  autoRetry: boolean;
  maxRejections: number;
  on401: 'hold' | 'pass';
  learn: boolean;
}

/** A backend's options, checked and with their defaults. */
export interface BackendConfig {
  key: string;
  baseUrl: string;
  namespace: string;
  methods: ReadonlySet<string>;
  match(request: Request): boolean;
  lane(request: Request): string;
  /** The owner of a credential, or null when it doesn't say; of the session of the moment, for null. */
  owner(token: string | null): string | null;
  auth: AuthConfig | null;
  capture: 'on-failure' | 'write-ahead';
  idempotencyKey: boolean;
  /** 0 is off. */
  networkTimeoutMs: number;
  /** A function may give null: then it's 202. */
  respond: RespondMode | ((entry: EntryInfo) => Response | null);
  retry: RetryPolicy;
  /** Null where there's no limit. */
  maxRetries: number | null;
  classify: Classifier;
  /** Null: the default one. */
  gate: RetryGate | null;
  /** Absolute; null for none. */
  validate: string | null;
  concurrency: number;
  onDead: 'skip' | 'block';
  limits: Limits & { maxAgeMs: number };
  /** Absolute. */
  remoteConfig: string | null;
  beforeSend?(request: Request, entry: EntryInfo): Request | void | Promise<Request | void>;
}

/** The token of the moment. It lives in memory alone. */
export interface LiveToken {
  value: string;
  scheme: string;
  owner: string | null;
  digest: string;
  /** When it's over by its own word, in milliseconds since the epoch; null when it doesn't say. */
  expiresAt: number | null;
  /** The app has handed it over, and so said who is signed in; else it was seen on a request. */
  provided: boolean;
}

/** A send under way. */
export interface Flight {
  lane: string;
  needsToken: boolean;
  /** The page's own first try, made inside its fetch event. */
  firstSend: boolean;
  abort: AbortController;
  /** Set by a cancel: what comes back doesn't matter any more. */
  cancelled: boolean;
  /** The cancel on its way to disk: until it's there, the entry could be read and sent once more. */
  cancelling: Promise<unknown> | null;
  /** Set once the answer is being written: too late to cancel. */
  settling: boolean;
  /** Set when its delivery is on disk: it has left its turn. */
  delivered: boolean;
  /** What stood behind it in its turn when it was read. */
  behind: EntryRecord | null;
  done: Promise<void>;
}

export const newFlight = ({ lane, scheme }: Pick<EntryRecord, 'lane' | 'scheme'>, firstSend: boolean): Flight => ({
  lane,
  needsToken: scheme !== null,
  firstSend,
  abort: new AbortController(),
  cancelled: false,
  cancelling: null,
  settling: false,
  delivered: false,
  behind: null,
  done: Promise.resolve(),
});

/** One backend at run time: its options, what's stored of it, its token and its sends under way. */
export interface Backend extends ServerClock {
  readonly config: BackendConfig;
  readonly gate: RetryGate;
  readonly validation: Validation;
  record: BackendRecord;
  token: LiveToken | null;
  /** Tokens are taken in the order in which they came, however long each is looked at: the last of them. */
  taking: Promise<unknown>;
  /** The token that the app has handed over last, while that is being taken: a sign-out that comes meanwhile is its user's. */
  arriving: LastToken | null;
  readonly flights: Map<number, Flight>;
  readonly berths: Berths;
  readonly lanes: LaneLedger;
  /** When the backend last answered anything, 0 for not in this worker's life. */
  lastAnswerAt: number;
  /** When it last answered with anything but "later", 0 likewise. */
  lastServedAt: number;
  /** The last credential under which anything was delivered in this worker's life. */
  acceptedCredential: string | null;
  /** Sign-outs in this worker's life: what was begun before one is of no use after it. */
  signOuts: number;
  /** Its retry gate is closed, and somebody waits for it. */
  gated: boolean;
  /** Entries whose retry can't be written down: nothing goes on with them until something wakes the replay. */
  readonly stalled: Set<number>;
  /** The page's request that is the probe of the open circuit, if one is. */
  probe: Berth | null;
}

/** @param changes what may open the default gate */
export function createBackend(config: BackendConfig, ports: Ports, changes: Changes): Backend {
  const validation = createValidation({
    ports,
    url: config.validate,
    changed: changes.tell,
    noteClock: (headers) => noteDate(backend, headers, ports.clock.now()),
  });
  const { isOnline } = ports;
  const backend: Backend = {
    config,
    gate: config.gate ?? connectivityGate({ isOnline, onChange: changes.listen, isValidated: validation.isValidated }),
    validation,
    record: { key: config.key, gates: {}, circuit: CLOSED, holdUntil: 0 },
    token: null,
    taking: Promise.resolve(),
    arriving: null,
    flights: new Map(),
    berths: new Berths(),
    lanes: new LaneLedger(),
    lastAnswerAt: 0,
    lastServedAt: 0,
    acceptedCredential: null,
    lateToken: null,
    signOuts: 0,
    gated: false,
    stalled: new Set(),
    probe: null,
  };
  return backend;
}

export function gateOf({ record: { gates } }: Backend, owner: string | null): AuthGate {
  const name = owner ?? '';
  // An owner may be called `constructor`.
  return Object.hasOwn(gates, name) ? gates[name]! : OPEN_AUTH_GATE;
}

/** What a step of a gate did, and the way back. */
export interface GateStep {
  effect: AuthGateEffect;
  /** For when it can't be written: puts the gate back, unless it has moved on since. */
  undo(): void;
}

/** Applies an event to the gate of one owner. */
export function stepGate(backend: Backend, owner: string | null, event: AuthGateEvent): GateStep {
  const before = gateOf(backend, owner);
  const [after, effect] = authGate(before, event);
  setGate(backend, owner, after);
  const undo = () => {
    if (gateOf(backend, owner) === after) setGate(backend, owner, before);
  };
  return { effect, undo };
}

/** Notes that pages have been told of a hold. False where there's none, or it was noted before. */
export function markTold(backend: Backend, owner: string | null): boolean {
  const gate = gateOf(backend, owner);
  if (!gate.hold || gate.hold.told) return false;
  setGate(backend, owner, { ...gate, hold: { ...gate.hold, told: true } });
  return true;
}

function setGate(backend: Backend, owner: string | null, gate: AuthGate): void {
  backend.record = { ...backend.record, gates: { ...backend.record.gates, [owner ?? '']: gate } };
}

/** What the time is, by the clock of the backend too, which tokens are made by. */
export const clocksOf = ({ record: { serverSkewMs } }: Backend, now: number): Clocks => ({
  device: now,
  server: serverSkewMs === undefined ? null : now + serverSkewMs,
});

/** Something was delivered under a credential. What a sign-out has forgotten since the send stays forgotten. */
export function noteAccepted(backend: Backend, credential: string | null, signOutsAtSend: number): void {
  if (backend.signOuts === signOutsAtSend) backend.acceptedCredential = credential;
}

/** Whose session by cookie it is, as the app's `owner` or the page says. */
export const sessionUser = ({ config, record }: Backend): string | null => config.owner(null) ?? record.sessionUser ?? null;

/** The header's value: in the entry's own scheme. A credential may come without one. */
export const authorizationOf = ({ scheme }: EntryRecord, { value }: LiveToken): string =>
  scheme ? `${scheme} ${value}` : value;

/** How the auth gate looks to an entry, or to a request that isn't one yet. */
export function authView(backend: Backend, { scheme, owner, session }: Credential, now: number): AuthView {
  const { token, record } = backend;
  if (scheme === null) return session && owner !== null && owner !== sessionUser(backend) ? 'parked' : 'open';
  if (record.signedOut) return 'parked';
  if (token && owner !== null && token.owner !== owner) return 'parked';
  const gate = gateOf(backend, owner);
  if (gate.hold) return 'held';
  if (!token) return 'missing';
  if (isOver(token.expiresAt, clocksOf(backend, now))) return 'over';
  return gate.probing ? 'probing' : 'open';
}

/** What the app, its user and the server leave switched on. */
export function configurationOf({ config, record: { remote } }: Backend, settings: Settings): Pick<BackendStatus, 'autoRetry' | 'offlineMode'> {
  // An answer from another address isn't the one that counts now.
  const said = remote?.url === config.remoteConfig ? remote : undefined;
  return {
    autoRetry: (settings.autoRetry ?? config.auth?.autoRetry ?? true) && (said?.autoRetry ?? true),
    offlineMode: (settings.offlineMode ?? true) && (said?.offlineMode ?? true),
  };
}

export function viewOf(backend: Backend, gated: boolean, now: number): BackendView {
  const flights = [...backend.flights.values()];
  return {
    concurrency: backend.config.concurrency,
    busyLanes: new Set(flights.map((flight) => flight.lane)),
    tokenInFlight: flights.some((flight) => flight.needsToken),
    circuit: backend.record.circuit,
    isProbed: backend.probe !== null,
    holdUntil: backend.record.holdUntil,
    gated,
    maxAgeMs: backend.config.limits.maxAgeMs,
    auth: (entry) => authView(backend, entry, now),
  };
}
