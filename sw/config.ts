/** A backend's options as the pipeline goes by them: checked, with their defaults. `read-options.ts` makes it of what the app gives. */
import type { BodyErrors } from './policy/body-errors.js';
import type { Classifier } from './policy/classify.js';
import type { RetryGate } from './policy/retry-gate.js';
import type { RetryPolicy } from './policy/retry.js';
import type { EntryInfo } from './protocol/api.js';
import type { Limits } from './ports.js';

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
  /** Left to the network. */
  exclude(request: Request): boolean;
  /** A body that asks for a token isn't kept, either. */
  excludesGrants: boolean;
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
