/** A backend's options inside the pipeline. `read-options.ts` makes them from the options of `install`. */
import type { BodyErrors } from './policy/body-errors.js';
import type { Classifier } from './policy/classify.js';
import type { Coalesce } from './policy/coalesce.js';
import type { Conflict, ConflictResult } from './policy/conflict.js';
import type { KeyForm } from './policy/idempotency.js';
import type { IdsFrom } from './policy/real-id.js';
import type { RetryGate } from './policy/retry-gate.js';
import type { RetryPolicy } from './policy/retry.js';
import type { EntryInfo } from './protocol/api.js';
import type { Limits } from './ports.js';

/** The kind of answer that a page gets for a stored request. */
export type RespondMode = 'queued' | 'reject' | 'wait';

/** Makes the answer for a stored request, or says its kind; null for the default, `'auto'`. */
export type Responder = (entry: EntryInfo, request: Request) => Responded | Promise<Responded>;

/** Says what becomes of an entry whose write met a newer version; null for a dead letter. */
export type OnConflict = (conflict: Conflict & { request: Request }) => ConflictResult | Promise<ConflictResult>;

type Responded = RespondMode | 'auto' | Response | null | undefined;

export interface AuthConfig {
  /** Undefined: not strict. */
  codes: readonly string[] | undefined;
  /** Undefined: only the bodies of 401s and 403s are read. */
  bodyErrors: BodyErrors | undefined;
  autoRetry: boolean;
  maxRejections: number;
  on401: 'hold' | 'pass';
  learn: boolean;
}

export interface CsrfConfig {
  /** The names of headers that carry a CSRF token, in lower case. */
  headers: ReadonlySet<string>;
  /** The cookie whose value goes into them; null: the usual ones. */
  cookie: string | null;
}

/** A backend's options, checked and with their defaults. */
export interface BackendConfig {
  key: string;
  baseUrl: string;
  /** Base URLs that the backend had before, normalised: what was stored for one of them is this backend's. */
  formerly: readonly string[];
  namespace: string;
  methods: ReadonlySet<string>;
  match(request: Request): boolean;
  /** Left to the network. */
  exclude(request: Request): boolean;
  /** A body that asks for a token isn't kept, either. */
  excludesGrants: boolean;
  lane(request: Request): string;
  /** The owner of a credential, or null when it doesn't say. Without a credential (null): the user of the present cookie session. */
  owner(token: string | null): string | null;
  auth: AuthConfig | null;
  csrf: CsrfConfig;
  capture: 'on-failure' | 'write-ahead';
  idempotencyKey: KeyForm;
  /** The codes of the default among them. */
  busyCodes: readonly string[];
  /** The base URL is of the worker's own origin. */
  isSameOrigin: boolean;
  /** 0: no timeout. */
  networkTimeoutMs: number;
  respond: RespondMode | 'auto' | Responder;
  retry: RetryPolicy;
  /** Null where there's no limit. */
  maxRetries: number | null;
  /** How soon after a failed probe a page's new request may probe a server that rests, in milliseconds. */
  leastRestMs: number;
  classify: Classifier;
  /** Null: the default gate. */
  gate: RetryGate | null;
  /** The URL to validate the network by, absolute; null: no validation. */
  validate: string | null;
  /** The URL to ask, where a send got no answer, whether the server answers at all; null where that's asked late only, at the base URL. */
  witness: string | null;
  concurrency: number;
  /** How many entries of a lane may be sent before the first of them is written off. */
  replayAhead: number;
  onDead: 'skip' | 'block';
  /** Null: each write stays by itself. */
  coalesce: Coalesce | null;
  limits: Limits & { maxAgeMs: number };
  /** The URL of the remote configuration, absolute. */
  remoteConfig: string | null;
  /** Undefined: where most servers give an id. */
  idsFrom?: IdsFrom;
  beforeSend?(request: Request, entry: EntryInfo): Request | void | Promise<Request | void>;
  onConflict?: OnConflict;
  /** An `If-Match` that our own delivery has made stale is replaced. */
  followsEtags: boolean;
}
