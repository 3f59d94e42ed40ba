import type { BackendOptions } from '../../sw/options.js';
import type { Setup } from './actions.js';

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
};

/** Whether the outbox may be full. */
export const isTight = ({ maxEntries, maxBytes }: Setup): boolean => maxEntries < PLAIN.maxEntries || maxBytes < PLAIN.maxBytes;

/** The backends of a run: one whose server honours idempotency keys, and one whose server ignores them. */
export const backendsOf = ({ capture, onDead, maxEntries, maxBytes, concurrency, networkTimeoutMs, respond, learns, maxAgeMs, maxRejections }: Setup): BackendOptions[] =>
  ['/api', '/bare'].map((baseUrl) => ({
    baseUrl,
    capture,
    onDead,
    concurrency,
    networkTimeoutMs,
    respond,
    idempotencyKey: true,
    validate: false,
    auth: { learn: learns, maxRejections },
    limits: { maxEntries, maxBytes, maxAgeMs },
  }));
