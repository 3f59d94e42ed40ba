import { BackgroundSyncPlugin } from 'workbox-background-sync';
import { clientsClaim } from 'workbox-core';
import { registerRoute } from 'workbox-routing';
import { NetworkOnly } from 'workbox-strategies';

self.skipWaiting();
clientsClaim();

// As the module's documentation has it: what throws here is put into the queue.
const statusPlugin = {
  fetchDidSucceed: async ({ response }) => {
    if (response.status >= 500) throw new Error('Server error.');
    return response;
  },
};
const writes = new NetworkOnly({ plugins: [statusPlugin, new BackgroundSyncPlugin('writes', { maxRetentionTime: 7 * 24 * 60 })] });
for (const method of ['POST', 'PATCH', 'DELETE']) registerRoute(/\/api\//, writes, method);
