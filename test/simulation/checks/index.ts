import type { World } from '../world.js';
import { AT_END } from './at-end.js';
import { watchDatabase } from './database.js';
import { watchCoalescing } from './coalescing.js';
import { watchCheckpoints } from './checkpoints.js';
import { watchClocks } from './clocks.js';
import { watchDisk } from './disk.js';
import { watchDocuments } from './documents.js';
import { watchDrains } from './drains.js';
import { watchHolds } from './holds.js';
import { watchIds } from './ids.js';
import { watchLayer } from './layer.js';
import { watchOldQueue } from './old-queue.js';
import { watchPages } from './pages.js';
import { watchPatience } from './patience.js';
import { watchPortal } from './portal.js';
import { watchSessions } from './sessions.js';
import { watchStreams } from './streams.js';
import { watchSwitch } from './switch.js';
import { watchSwitches } from './switches.js';
import { watchTokens } from './tokens.js';
import { watchVersions } from './versions.js';
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
  watchTokens(world);
  watchHolds(world);
  watchDrains(world);
  watchPatience(world);
  watchSwitch(world);
  watchOldQueue(world);
  watchDatabase(world);
  watchCheckpoints(world);
  watchStreams(world);
  watchSessions(world);
  watchClocks(world);
  watchVersions(world);
  watchLayer(world);
  watchCoalescing(world);
  watchIds(world);
  watchDocuments(world);
}

/** Judges what has happened in all. */
export function checkEnd(world: World): void {
  for (const check of AT_END) check(world);
}
