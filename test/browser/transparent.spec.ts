import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApiServer } from '../support/api-server.js';
import { App, connectPage, expect, FAST, test, workerScript } from '../support/fixtures.js';

interface Foreign {
  origin: string;
  /** Methods and keys of all requests, preflights included. */
  seen: (readonly [method: string, key: string | undefined])[];
  server: Server;
}

/** A server of another origin, which lets everyone read its answers; with `allows` any header may be sent, too. */
async function foreign(allows: boolean): Promise<Foreign> {
  const seen: Foreign['seen'] = [];
  const server = createServer((request, response) => {
    seen.push([request.method!, request.headers['idempotency-key'] as string | undefined]);
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (allows) response.setHeader('Access-Control-Allow-Headers', '*');
    request.resume().on('end', () => response.end('from afar'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

for (const status of [302, 303, 307]) {
  for (const allows of [false, true]) {
    test(`C15 a write that is answered with ${status} to another origin, which allows ${allows ? 'every' : 'no'} header, gets there without our key`, async ({ open, server }) => {
      const afar = await foreign(allows);
      try {
        const app = await open();
        server.reply(() => ({ status, headers: { Location: `${afar.origin}/there` } }));
        expect(await app.post('a')).toMatchObject({ status: 200, text: 'from afar' });
        expect(afar.seen.map(([, key]) => key)).toEqual([undefined]);
        expect(await app.entries()).toEqual([]);
        server.received.length = 0;
        expect(await app.post('b')).toMatchObject({ status: 200 });
        expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual([undefined]);
      } finally {
        afar.server.close();
      }
    });
  }
}

test('C15 a redirect within the origin is one send, under our key', async ({ open, server }) => {
  const app = await open();
  server.reply(({ path }) => (path === '/api/notes' ? { status: 307, headers: { Location: '/api/there' } } : { status: 201 }));
  expect(await app.post('a')).toMatchObject({ status: 201 });
  expect(server.received.map(({ path }) => path)).toEqual(['/api/notes', '/api/there']);
  expect(server.received[0]!.headers['idempotency-key']).toBe(server.received[1]!.headers['idempotency-key']);
});

test('C15 an empty body of a PATCH or a DELETE has its Content-Length: 0', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${FAST} }]` });
  for (const method of ['PATCH', 'DELETE']) await app.post('', { method });
  expect(server.received.map(({ headers }) => headers['content-length'])).toEqual(['0', '0']);
});

test('C15 with `no-referrer` a write keeps its Origin', async ({ open, server }) => {
  const app = await open();
  await app.page.evaluate(async () => void (await fetch('/api/notes', { method: 'POST', body: 'a', referrerPolicy: 'no-referrer' })));
  expect(server.received.map(({ headers }) => headers.origin)).toEqual([server.origin]);
});

test('C15 L1 a redirect that the browser refuses is the page\'s failure, and not kept', async ({ open, server }) => {
  const app = await open();
  server.reply(() => ({ status: 303, headers: { Location: 'http://127.0.0.1:1/' } }));
  await expect(app.post('a')).rejects.toThrow();
  expect(await app.entries()).toEqual([]);
});

test('L2 what the worker\'s own policy forbids is the page\'s failure, and not kept; the console names the directive and the URL', async ({ page, server }) => {
  const api = await createApiServer({ cors: true });
  try {
    const said: string[] = [];
    const script = workerScript(`backends: [{ baseUrl: '${api.origin}/api', ${FAST} }], onEvent: () => {}`);
    // What a worker says is heard through a page.
    const echo = `const warn = console.warn; console.warn = (...words) => (warn(...words), self.clients.matchAll({ includeUncontrolled: true }).then((all) => all.forEach((client) => client.postMessage({ said: words.join(' ') }))));\n`;
    server.serve('/worker.js', (_url, _request, response) => {
      response.setHeader('Content-Security-Policy', "connect-src 'self'");
      return echo + script;
    });
    await page.goto(server.origin);
    await page.exposeFunction('heardFromWorker', (words: string) => void said.push(words));
    await page.evaluate(() => {
      navigator.serviceWorker.addEventListener('message', ({ data }) => {
        if (data?.said) (window as unknown as { heardFromWorker(words: string): void }).heardFromWorker(data.said as string);
      });
      navigator.serviceWorker.startMessages();
    });
    await connectPage(page);
    const app = new App(page, server);
    await expect(app.post('a', { path: `${api.origin}/api/notes` })).rejects.toThrow();
    expect(await app.entries()).toEqual([]);
    expect(api.received).toEqual([]);
    await expect.poll(() => said.filter((line) => line.includes('connect-src') && line.includes(`${api.origin}/api/notes`))).toHaveLength(1);
  } finally {
    await api.close();
  }
});

test('L1 one write that is always cut off stops neither its own lane for long nor any other', async ({ open, server }) => {
  const app = await open();
  server.reply(({ text }) => (text === 'bad' ? 'reset' : { status: 201 }));
  expect(await app.post('bad')).toMatchObject({ status: 202 });
  expect(await app.post('other', { headers: { 'Holdfast-Lane': 'other' } })).toMatchObject({ status: 201 });
  expect(await app.post('behind')).toMatchObject({ status: 202 });
  await app.heard('delivered');
  expect(await app.entries()).toMatchObject([{ state: 'dead', reason: 'unreachable' }]);
  // A browser repeats a request by itself on a connection that it had open already.
  expect(server.bodies().filter((body) => body === 'bad').length).toBeLessThan(15);
});
