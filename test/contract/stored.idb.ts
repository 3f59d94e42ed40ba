import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import { storedOutbox } from '../../sw/store/outbox.js';
import { opened } from '../support/database.js';
import { checkpointsContract } from './checkpoints.js';
import { outboxContract } from './outbox.js';

let databases = 0;
const fresh = () => opened(`contract-${Date.now()}-${databases++}`);

checkpointsContract('in IndexedDB', () => storedCheckpoints(fresh()));
outboxContract('in IndexedDB', () => storedOutbox(fresh()));
