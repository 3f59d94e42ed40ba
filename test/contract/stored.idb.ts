import { openDB } from 'idb';
import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { opened } from '../support/database.js';
import { checkpointsContract } from './checkpoints.js';
import { databaseContract } from './database.js';
import { sharedDatabaseContract } from './shared-database.js';
import { outboxContract } from './outbox.js';

let databases = 0;
const freshName = () => `contract-${Date.now()}-${databases++}`;
const fresh = () => opened(freshName());

checkpointsContract('in IndexedDB', () => storedCheckpoints(fresh()));
outboxContract('in IndexedDB', () => storedOutbox(fresh()));
databaseContract('in IndexedDB', openDB, freshName);
sharedDatabaseContract('in IndexedDB', fresh);
