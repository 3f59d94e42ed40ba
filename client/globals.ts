/**
 * The globals of a page with `holdfast.js`: `Holdfast`, and `window.holdfast`. Types only.
 * @example "types": ["holdfast/globals"]
 */
import type * as Door from './drop-in.js';

declare global {
  /** What `holdfast` exports. */
  const Holdfast: typeof Door;
}
