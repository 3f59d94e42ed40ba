/**
 * How the inspector bears 10 000 entries: when its list is first painted, and how long the longest frame is
 * while one scrolls through all of it. `npm run bench:inspector`, on a machine that's idle.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { chromium } from 'playwright';
import { findChromium } from '../browsers.mjs';

const ENTRIES = 10_000;
const ROUNDS = 5;
/** In pixels for each frame: through the list in some 150 frames. */
const STEP = 3_000;

const script = await readFile(new URL('../../dist/holdfast-inspector.js', import.meta.url));
const server = createServer((request, response) => {
  const isScript = request.url?.endsWith('.js');
  response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
  response.end(isScript ? script : '<!doctype html><title>10 000 entries</title><script src="/inspector.js"></script>');
}).listen(0);
const { port } = server.address();

const executablePath = await findChromium();
const browser = await chromium.launch({ chromiumSandbox: false, ...(executablePath && { executablePath }) });
const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });

async function round() {
  await page.goto(`http://localhost:${port}/`);
  return page.evaluate(
    async ({ count, step }) => {
      const backend = { baseUrl: 'https://x.example', namespace: '', waiting: count, dead: 0, sending: 0, holds: [], tokenExpiresAt: null, autoRetry: true, offlineMode: true, circuit: 'closed', nextAttemptAt: null };
      const status = { locale: 'en', online: true, paused: false, waiting: count, dead: 0, sending: 0, backends: [backend], nextAttemptAt: null, storage: { persisted: null, usage: null, quota: null } };
      const entry = (seq) => ({
        id: `t${seq}`, key: `|x|t${seq}`, seq, baseUrl: backend.baseUrl, namespace: '', lane: 'default', owner: null, state: 'pending', reason: 'offline', since: Date.now(), method: 'POST',
        url: `${backend.baseUrl}/notes/${seq}`, headers: {}, bodySize: 0, capturedAt: 0, sends: 0, retries: 0, notBefore: 0, idempotencyKey: null, lastAnswer: null, attempts: [],
      });
      // As a message from the worker: cloned, and not at once.
      const answer = (value) => new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        port2.postMessage(value);
      });
      const client = {
        status: () => answer(status),
        entries: ({ after = 0, limit = 1000 }) => answer(Array.from({ length: Math.max(0, Math.min(limit, count - after)) }, (_, at) => entry(after + at + 1))),
        addEventListener() {},
        removeEventListener() {},
      };
      const frame = () => new Promise(requestAnimationFrame);
      const list = () => document.querySelector('holdfast-inspector')?.shadowRoot?.querySelector('holdfast-entry-list');
      const element = Object.assign(document.createElement('holdfast-inspector'), { client });
      element.style.height = '100vh';

      const began = performance.now();
      document.body.replaceChildren(element);
      while (!list()?.shadowRoot?.querySelector('[role=row]')) await frame();
      await frame();
      const painted = performance.now() - began;
      while (list().entries.length < count) await frame();
      const whole = performance.now() - began;

      const frames = [];
      let before = await frame();
      for (let top = 0; top < list().scrollHeight; top += step) {
        list().scrollTop = top;
        const now = await frame();
        frames.push(now - before);
        before = now;
      }
      return { painted, whole, frames };
    },
    { count: ENTRIES, step: STEP },
  );
}

const rounds = [];
// The first one warms up.
for (let at = 0; at <= ROUNDS; at++) rounds.push(await round());
rounds.shift();
await browser.close();
server.close();

const median = (values) => values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];
const frames = rounds.flatMap(({ frames }) => frames);
const ms = (value) => `${value.toFixed(1)} ms`;
console.log(`${ENTRIES} entries, ${ROUNDS} rounds`);
console.log(`first paint of the list   median ${ms(median(rounds.map(({ painted }) => painted)))}, longest ${ms(Math.max(...rounds.map(({ painted }) => painted)))}`);
console.log(`all of them there         median ${ms(median(rounds.map(({ whole }) => whole)))}`);
console.log(`frames while scrolling    ${frames.length}, median ${ms(median(frames))}, longest ${ms(Math.max(...frames))}, over 50 ms: ${frames.filter((one) => one > 50).length}`);
