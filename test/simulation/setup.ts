import type { BackendOptions } from '../../sw/options.js';
import type { Merged, Write } from '../../sw/policy/coalesce.js';
import { classify } from '../../sw/policy/classify.js';
import { clientWins, mergeJson, serverWins } from '../../sw/policy/conflict.js';
import type { RetryPolicy } from '../../sw/policy/retry.js';
import type { Setup } from './actions.js';
import { fateOf } from './deeds/documents.js';
import { opOf } from './history.js';
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
  onConflict: null,
  followsEtags: false,
  conflictStatus: 412,
  demandsCondition: false,
  hasHook: false,
};

/** Whether the outbox may be full. */
export const isTight = ({ maxEntries, maxBytes }: Setup): boolean => maxEntries < PLAIN.maxEntries || maxBytes < PLAIN.maxBytes;

/** The backends of a run: one whose server honours idempotency keys, and one whose server ignores them. */
export const backendsOf = (setup: Setup, isStuck: (url: string) => boolean, wait: (ms: number) => Promise<void>): BackendOptions[] =>
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
    ...(setup.onConflict && { onConflict: setup.onConflict === 'own' ? ownPolicy(wait) : READY[setup.onConflict] }),
    ...(setup.followsEtags && { etags: 'follow' as const }),
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

/** How long the app's own `onConflict` takes when it takes its time, in milliseconds. */
const THOUGHT_MS = 300;

const READY = { clientWins, serverWins, mergeJson };

const ownPolicy =
  (wait: (ms: number) => Promise<void>): NonNullable<BackendOptions['onConflict']> =>
  async (conflict) => {
    const fate = fateOf(opOf(conflict.entry.url));
    if (fate === 'throws') throw new Error('the app has a fault');
    if (fate === 'never ends') return new Promise(() => {});
    if (fate === 'gives none') return null;
    if (fate === 'discards') return 'discard';
    await wait(THOUGHT_MS);
    return mergeJson(conflict);
  };

const givesUpAfter =
  (retries: number): RetryPolicy =>
  ({ attempt, random }) =>
    attempt < retries ? 500 * 2 ** attempt * (0.5 + random) : null;
