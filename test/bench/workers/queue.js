/** An app's worker around a queue of Background Sync: Workbox and Serwist have the same one. */
import { answerCommands, takeOver } from './commands.js';

export function installQueue({ Queue, QueueStore, StorableRequest }) {
  const NAME = 'writes';
  /** While captures are measured nothing is to be replayed: the browser fires a sync at once when it's online. */
  let isHeld = false;
  const queue = new Queue(NAME, { onSync: async () => void (isHeld || (await queue.replayRequests())) });

  addEventListener('fetch', (event) => {
    const { request } = event;
    if (request.method === 'POST' && new URL(request.url).pathname.startsWith('/api/')) event.respondWith(answer(request));
  });

  /** As the documentation of `Queue` has it, and with what failed at the server, so that the work is the same for all. */
  async function answer(request) {
    try {
      const response = await fetch(request.clone());
      if (response.status >= 500) await queue.pushRequest({ request });
      return response;
    } catch {
      await queue.pushRequest({ request });
      return Response.error();
    }
  }

  takeOver();
  answerCommands({
    hold: ({ held }) => void (isHeld = held),
    replay: () => queue.replayRequests(),
    /** Through the library's own store. */
    async fill({ url, bodies, type }) {
      const store = new QueueStore(NAME);
      for (const body of bodies) {
        const request = new Request(url, { method: 'POST', headers: { 'Content-Type': type }, body });
        const requestData = (await StorableRequest.fromRequest(request)).toObject();
        await store.pushEntry({ requestData, timestamp: Date.now() });
      }
    },
  });
}
