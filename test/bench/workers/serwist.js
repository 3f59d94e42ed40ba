import { BackgroundSyncQueue, BackgroundSyncQueueStore, StorableRequest } from 'serwist';
import { installQueue } from './queue.js';

installQueue({ Queue: BackgroundSyncQueue, QueueStore: BackgroundSyncQueueStore, StorableRequest });
