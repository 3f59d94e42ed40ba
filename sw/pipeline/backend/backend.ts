import type { BackendConfig } from '../../config.js';
import type { Flight } from './flights.js';
import { connectivityGate, type RetryGate } from '../../policy/retry-gate.js';
import { Arrivals, type Ticket } from './arrivals.js';
import { LaneIndex } from './lane-index.js';
import type { ConnectivityNews } from './connectivity.js';
import { noteDate, type ServerClock } from './server-clock.js';
import { createValidation, type Validation } from './network-validation.js';
import type { Ports } from '../../ports.js';
import { newBackendRecord, type BackendRecord, type LastToken } from '../../policy/backend-record.js';
import type { LiveToken } from '../../policy/session.js';

/** One backend at run time: its options, what's stored of it, its token and its sends under way. */
export interface Backend extends ServerClock {
  readonly config: BackendConfig;
  readonly retryGate: RetryGate;
  readonly validation: Validation;
  record: BackendRecord;
  token: LiveToken | null;
  /** Tokens are taken in the order in which they came, however long each is looked at: the last of them. */
  taking: Promise<unknown>;
  /** The token that the app has handed over last, while that is being taken: a sign-out that comes meanwhile is its user's. */
  arriving: LastToken | null;
  readonly flights: Map<number, Flight>;
  readonly arrivals: Arrivals;
  readonly lanes: LaneIndex;
  /** When the backend last answered anything, 0 for not in this worker's life. */
  lastAnswerAt: number;
  /** When it last answered with anything but "later", 0 likewise. */
  lastServedAt: number;
  /** The last credential under which anything was delivered in this worker's life. */
  acceptedCredential: string | null;
  /** Sign-outs in this worker's life: what was begun before one is of no use after it. */
  signOuts: number;
  /** Its retry gate is closed, and somebody waits for it. */
  isRetryGateClosed: boolean;
  /** Entries whose retry can't be written down: nothing goes on with them until something wakes the replay. */
  readonly stalled: Set<number>;
  /** The ticket of the page's request that is the probe of the open circuit, if one is. */
  probe: Ticket | null;
}

/** @param connectivity what may open the default gate */
export function createBackend(config: BackendConfig, ports: Ports, connectivity: ConnectivityNews): Backend {
  const validation = createValidation({
    ports,
    url: config.validate,
    changed: connectivity.tell,
    noteClock: (headers) => noteDate(backend, headers, ports.clock.now()),
  });
  const { isOnline } = ports;
  const backend: Backend = {
    config,
    retryGate: config.gate ?? connectivityGate({ isOnline, onChange: connectivity.listen, isValidated: validation.isValidated }),
    validation,
    record: newBackendRecord(config.key),
    token: null,
    taking: Promise.resolve(),
    arriving: null,
    flights: new Map(),
    arrivals: new Arrivals(),
    lanes: new LaneIndex(),
    lastAnswerAt: 0,
    lastServedAt: 0,
    acceptedCredential: null,
    lateToken: { iat: 0, at: NaN },
    signOuts: 0,
    isRetryGateClosed: false,
    stalled: new Set(),
    probe: null,
  };
  return backend;
}
