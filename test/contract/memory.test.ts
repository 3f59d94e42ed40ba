import { memoryCheckpoints } from '../../sw/store/checkpoints.js';
import { memoryOutbox } from '../support/memory-outbox.js';
import { checkpointsContract } from './checkpoints.js';
import { outboxContract } from './outbox.js';

checkpointsContract('in memory', memoryCheckpoints);
outboxContract('in memory', memoryOutbox);
