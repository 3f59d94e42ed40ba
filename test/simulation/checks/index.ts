import type { World } from '../world.js';
import { AT_END } from './at-end.js';
import { watchDisk } from './disk.js';
import { watchPages } from './pages.js';
import { watchPortal } from './portal.js';
import { watchSwitches } from './switches.js';
import { watchWire } from './wire.js';

export interface Violation {
  check: string;
  why: string;
  /** Whose stories tell of it. */
  ops: number[];
}

/** Looks at everything that happens, while it happens. */
export function watch(world: World): void {
  watchDisk(world);
  watchPages(world);
  watchWire(world);
  watchSwitches(world);
  watchPortal(world);
}

/** Judges what has happened in all. */
export function checkEnd(world: World): void {
  for (const check of AT_END) check(world);
}
