import type { BackendOptions } from '../../sw/options.js';
import type { Setup } from './actions.js';

export const ORIGIN = 'https://app.example';

/** The backends of a run: one whose server honours idempotency keys, and one whose server ignores them. */
export const backendsOf = ({ capture, onDead, maxEntries, concurrency, networkTimeoutMs, respond, learns, maxAgeMs, maxRejections }: Setup): BackendOptions[] =>
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
    limits: { maxEntries, maxAgeMs },
  }));
