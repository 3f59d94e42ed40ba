/**
 * A worker with two queues of workbox-background-sync, by the code of its documentation. What the test decides is when
 * they are replayed: as the server is down, not the network, the browser would fire its sync at once.
 */
import { Queue } from 'workbox-background-sync';
import { answerCommands, takeOver } from '../../bench/workers/commands.js';

const onSync = () => {};
const queues = { notes: new Queue('notes', { onSync }), chat: new Queue('chat', { onSync }) };

addEventListener('fetch', (event) => {
  const { request } = event;
  const queue = queues[/^\/api\/(\w+)/.exec(new URL(request.url).pathname)?.[1]];
  if (!queue || request.method === 'GET') return;
  const answer = async () => {
    try {
      return await fetch(request.clone());
    } catch (error) {
      await queue.pushRequest({ request });
      return error;
    }
  };
  event.respondWith(answer());
});

takeOver();
answerCommands({
  /** As the queue does by itself on a sync event. */
  replay: ({ name }) => queues[name].replayRequests(),
  /** Two triggers at one moment. */
  replayTwice: ({ name }) => Promise.all([queues[name].replayRequests(), queues[name].replayRequests()]),
  list: async ({ name }) => (await queues[name].getAll()).map(({ request }) => request.method),
});
