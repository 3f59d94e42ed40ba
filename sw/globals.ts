/**
 * The global of a classic worker with `importScripts('/holdfast-sw.js')`. Types only.
 * @example "types": ["holdfast/sw/globals"]
 */
import type * as Door from './index.js';

declare global {
  /** What `holdfast/sw` exports. */
  const holdfast: typeof Door;
}
