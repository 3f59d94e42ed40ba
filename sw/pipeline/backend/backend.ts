import type { BackendConfig } from '../../config.js';
import { newBackendRecord, type BackendRecord, type LastToken } from '../../policy/backend-record.js';
import { connectivityGate, type RetryGate } from '../../policy/retry-gate.js';
import type { LiveToken } from '../../policy/session.js';
import type { Ports } from '../../ports.js';
import type { Providers } from '../providers.js';
import type { CsrfGiven } from '../../protocol/api.js';
import { Arrivals, type Ticket } from './arrivals.js';
import type { ConnectivityNews } from './connectivity.js';
import type { Flight } from './flights.js';
import { createInquiry, type Inquiry } from './inquiry.js';
import { LaneIndex } from './lane-index.js';
import { createValidation, type Validation } from './network-validation.js';
import { createOfflineHint, type OfflineHint } from './offline-hint.js';
import { noteDate, type ServerClock } from './server-clock.js';

/** One backend at run time: its options, its stored record, its token and its sends under way. */
export interface Backend {
  readonly config: BackendConfig;
  /** The clock of the backend's server. */
  readonly clock: ServerClock;
  readonly retryGate: RetryGate;
  readonly validation: Validation;
  readonly offlineHint: OfflineHint;
  record: BackendRecord;
  /** The record that's known to be on disk. */
  recordOnDisk: BackendRecord | null;
  token: LiveToken | null;
  /** Settles when the newest token's digest is known: tokens are taken in the order in which they came. */
  taking: Promise<unknown>;
  /** The token that the app handed over last, while it's being taken: a sign-out meanwhile counts as its user's. */
  arriving: (LastToken & { at: number }) | null;
  /** Until when this worker, which has started without a token, waits for the page that gave it to an earlier one; 0 while no page was asked. */
  askedUntil: number;
  readonly flights: Map<number, Flight>;
  readonly arrivals: Arrivals;
  readonly lanes: LaneIndex;
  /** The same for all backends. */
  readonly providers: Providers;
  /** When the backend last answered at all; 0 for never in this worker's life. */
  lastAnswerAt: number;
  /** The id of the entry that got no answer while the backend answered a HEAD; null once the backend answers any send. */
  accused: string | null;
  /** When the backend last gave an answer that wasn't transient; 0 for never in this worker's life. */
  lastServedAt: number;
  /** The last credential under which a request was delivered in this worker's life. */
  acceptedCredential: string | null;
  csrf: CsrfState;
  /** Counts sign-outs in this worker's life: a token that came before a sign-out doesn't count after it. */
  signOuts: number;
  /** The retry gate is closed, and the drain waits for it to open. */
  isRetryGateClosed: boolean;
  /** Entries whose retry can't be written: they aren't sent again before the next wake-up. */
  readonly stalled: Set<number>;
  /** The ticket of the page's request that probes the open circuit; null when none does. */
  probe: Ticket | null;
  readonly inquiry: Inquiry;
}

/** What's known of the session's CSRF token. In memory alone. */
export interface CsrfState {
  /** The newest values on the page's own requests, by header. */
  seen: Readonly<Record<string, string>>;
  /** What a page gave since. */
  given: CsrfGiven | null;
  /** The headers that were refused last. */
  refused: Readonly<Record<string, string>> | null;
  /** Entries that were refused for their CSRF token and are sent once more. */
  readonly resent: Set<string>;
}

export const noCsrf = (): CsrfState => ({ seen: {}, given: null, refused: null, resent: new Set() });

/**
 * @param connectivity news that may open the default gate
 * @param clock the clock of the backend's origin
 */
export function createBackend(config: BackendConfig, ports: Ports, connectivity: ConnectivityNews, clock: ServerClock, providers: Providers): Backend {
  const validation = createValidation({
    ports,
    url: config.validate,
    witness: config.witness,
    isSameOrigin: config.isSameOrigin,
    changed: connectivity.tell,
    noteClock: (headers) => noteDate(clock, headers, ports.clock.now()),
  });
  const offlineHint = createOfflineHint({
    ports,
    isBackendThere: () => validation.isBackendThere(undefined, config.validate ?? config.baseUrl),
    isOwing: () => backend.lanes.any,
    changed: connectivity.tell,
  });
  const backend: Backend = {
    config,
    clock,
    retryGate: config.gate ?? connectivityGate({ isOnline: offlineHint.isOnline, onChange: connectivity.listen, isValidated: validation.isValidated }),
    validation,
    offlineHint,
    record: newBackendRecord(config.key),
    recordOnDisk: null,
    token: null,
    taking: Promise.resolve(),
    arriving: null,
    askedUntil: 0,
    flights: new Map(),
    arrivals: new Arrivals(),
    lanes: new LaneIndex(),
    providers,
    lastAnswerAt: 0,
    accused: null,
    lastServedAt: 0,
    acceptedCredential: null,
    csrf: noCsrf(),
    signOuts: 0,
    isRetryGateClosed: false,
    stalled: new Set(),
    probe: null,
    inquiry: createInquiry(ports.clock),
  };
  clock.backends.push(backend);
  return backend;
}
