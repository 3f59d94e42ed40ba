import type { Measure } from '../measure.js';
import { backlog } from './backlog.js';
import { bodies } from './bodies.js';
import { burst, capture } from './capture.js';
import { coldStart } from './cold-start.js';
import { disk } from './disk.js';
import { outside, pass } from './pass.js';
import { replay } from './replay.js';
import { storage } from './storage.js';

/** In the order in which they're made: what fills disks comes last. */
export const MEASURES: readonly Measure[] = [pass, outside, replay, coldStart, capture, burst, bodies, storage, disk, backlog];
