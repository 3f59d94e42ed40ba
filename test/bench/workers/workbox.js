import { Queue, QueueStore, StorableRequest } from 'workbox-background-sync';
import { installQueue } from './queue.js';

installQueue({ Queue, QueueStore, StorableRequest });
