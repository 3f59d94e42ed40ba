import type { Measure } from '../measure.js';
import { burst, capture } from './capture.js';
import { coldStart } from './cold-start.js';
import { outside, pass } from './pass.js';
import { replay } from './replay.js';

/** In the order in which they're made: what fills disks comes last. */
export const MEASURES: readonly Measure[] = [pass, outside, replay, coldStart, capture, burst];
