import type { BackendOptions } from '../../sw/options.js';
import type { Merged, Write } from '../../sw/policy/coalesce.js';
import { classify } from '../../sw/policy/classify.js';
import type { RetryPolicy } from '../../sw/policy/retry.js';
import type { Setup } from './actions.js';
import { ownerOf } from './tokens.js';

export const ORIGIN = 'https://app.example';

/** What a script that was kept doesn't say. */
export const PLAIN: Setup = {
  capture: 'on-failure',
  onDead: 'skip',
  maxEntries: 1_000,
  concurrency: 6,
  networkTimeoutMs: 10_000,
  respond: 'queued',
  tokenS: 3_600,
  pages: 1,
  learns: true,
  maxAgeMs: 7 * 86_400_000,
  maxRejections: 3,
  maxBytes: 50 * 1024 ** 2,
  keepsBlobs: true,
  tokens: 'jwt',
  on401: 'hold',
  givesUpAfter: null,
  isFinal500: false,
  hasRemote: false,
  validates: false,
  adopts: false,
  sessions: 'token',
  aheadS: 0,
  isDated: false,
  layer: 'instant',
  keeps: 'nothing',
  coalesces: null,
  hasHook: false,
};

/** Whether the outbox may be full. */
export const isTight = ({ maxEntries, maxBytes }: Setup): boolean => maxEntries < PLAIN.maxEntries || maxBytes < PLAIN.maxBytes;

/** The backends of a run: one whose server honours idempotency keys, and one whose server ignores them. */
export const backendsOf = (setup: Setup, isStuck: (url: string) => boolean): BackendOptions[] =>
  ['/api', '/bare'].map((baseUrl) => ({
    baseUrl,
    capture: setup.capture,
    onDead: setup.onDead,
    concurrency: setup.concurrency,
    networkTimeoutMs: setup.networkTimeoutMs,
    respond: setup.respond,
    idempotencyKey: true,
    validate: setup.validates && baseUrl,
    ...(setup.coalesces && { coalesce: setup.coalesces === 'later' ? async (older, newer) => oneDraft(older, newer) : oneDraft }),
    ...(setup.hasHook && { beforeSend: async ({ url }) => (isStuck(url) ? new Promise<undefined>(() => {}) : undefined) }),
    ...(setup.hasRemote && { remoteConfig: `/switches${baseUrl}` }),
    auth: { learn: setup.learns, maxRejections: setup.maxRejections, on401: setup.on401 },
    limits: { maxEntries: setup.maxEntries, maxBytes: setup.maxBytes, maxAgeMs: setup.maxAgeMs },
    ...(setup.tokens === 'opaque' && { owner: (token: string | null) => (token === null ? null : ownerOf(token)) }),
    ...(setup.givesUpAfter !== null && { retry: givesUpAfter(setup.givesUpAfter) }),
    ...(setup.isFinal500 && {
      classify: (outcome) => (outcome.kind === 'answer' && outcome.status === 500 ? 'permanent' : classify(outcome)),
    }),
  }));

/** Two saves of a draft are the newer one, and an undoing takes a save away. */
const oneDraft = ({ headers: older }: Write, newer: Write): Merged => {
  if (older['x-draft'] !== 'save') return null;
  const { 'x-draft': draft } = newer.headers;
  return draft === 'save' ? newer : draft === 'undo' ? 'discard' : null;
};

const givesUpAfter =
  (retries: number): RetryPolicy =>
  ({ attempt, random }) =>
    attempt < retries ? 500 * 2 ** attempt * (0.5 + random) : null;
