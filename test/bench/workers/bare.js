/** A worker that only forwards, and the loop that replay is measured against. */
import { answerCommands, takeOver } from './commands.js';

addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));

takeOver();
answerCommands({
  /** Sends bodies that the page has handed over, so many side by side: no storage, no care. */
  async loop({ url, bodies, lanes, type }) {
    const send = async (lane) => {
      for (let at = lane; at < bodies.length; at += lanes) {
        const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body: bodies[at] });
        await response.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => send(lane)));
  },
});
