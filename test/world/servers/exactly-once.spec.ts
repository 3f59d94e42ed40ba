import { request as send } from 'node:http';
import type { Received, WriteAnswer } from '../../support/api-server.js';
import { expect, test as base } from '../../support/fixtures.js';
import { killTeller, startExample, type Example } from './layers/example.js';

/** A database is made within this. */
const STARTING_MS = 90_000;
/** A process that's killed is back with its database within this, on a busy machine. */
const BACK = { timeout: 60_000 };
/** A write takes so long that it's under way when its process is killed. */
const WORK_MS = 700;

const test = base.extend<{}, { example: Example }>({
  example: [
    async ({}, use) => {
      const example = await startExample({ WORK_MS: String(WORK_MS) });
      await use(example);
      await example.stop();
    },
    { scope: 'worker', timeout: STARTING_MS },
  ],
});

// One server, with its database, for all.
test.describe.configure({ mode: 'default', timeout: 150_000 });

/** Passes a request on, and the answer back. What breaks on the one side breaks on the other. */
const passTo =
  (origin: string) =>
  ({ method, path, headers, body }: Received): WriteAnswer =>
  (response) => {
    const sent = send(`${origin}${path}`, { method, headers, agent: false }, (answered) => {
      response.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(response);
    });
    sent.on('error', () => response.destroy());
    sent.end(body);
  };

const rows = async ({ origin }: Example, text: string) => {
  const all = (await (await fetch(`${origin}/api/notes`)).json()) as string[];
  return all.filter((one) => one === text).length;
};

for (const capture of ['on-failure', 'write-ahead'] as const) {
  // While a killed process is being started, whoever is before it answers a HEAD, and cuts the writes: the tries outlast that.
  const options = `backends: [{ baseUrl: '/api', capture: '${capture}', retry: { unreachable: { baseMs: 2_000, capMs: 30_000 } } }]`;

  test(`E8 a write whose server is killed in the midst of it is done once, capture: '${capture}'`, async ({ open, server, example }) => {
    server.reply(passTo(example.origin));
    const app = await open({ options });
    const text = `killed, ${capture}`;
    void example.hears(` writes ${text}`).then(killTeller);
    expect(await app.post(JSON.stringify({ text }))).toMatchObject({ status: 202 });
    await expect.poll(async () => (await app.types()).at(-1), BACK).toBe('delivered');
    expect(await rows(example, text)).toBe(1);
    expect(server.received.length).toBeGreaterThan(1);
    expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test(`E8 a write whose connection is cut is done once, though its retry meets the first attempt, capture: '${capture}'`, async ({ open, server, example }) => {
    const pass = passTo(example.origin);
    const text = `cut, ${capture}`;
    server.reply(async (request, count) => {
      // Chromium sends by itself again what breaks on a connection that it had used before. That's cut, too.
      if (count === 1) return 'reset';
      if (count > 0) return pass(request);
      const { headers, body } = request;
      const isWritten = example.hears(` writes ${text}`);
      void fetch(`${example.origin}/api/notes`, { method: 'POST', headers: headers as Record<string, string>, body: new Uint8Array(body) });
      await isWritten;
      return 'reset';
    });
    const app = await open({ options });
    // The server answers others, so the page's request is looked into, and sent again under its key at once.
    expect(await app.post(JSON.stringify({ text }))).toMatchObject({ status: 201 });
    expect(await rows(example, text)).toBe(1);
    expect(example.said.filter((line) => line.endsWith(` writes ${text}`))).toHaveLength(1);
  });
}

test('E8 the page of the example has its note once in the list, though the server is killed in the midst of it', async ({ page, example }) => {
  await page.goto(example.origin);
  const text = 'from the page';
  void example.hears(` writes ${text}`).then(killTeller);
  await page.getByRole('textbox', { name: 'Note' }).fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.locator('holdfast-status')).toContainText('1 waiting', BACK);
  await expect(page.getByRole('listitem').filter({ hasText: text })).toHaveCount(1, BACK);
  expect(await rows(example, text)).toBe(1);
});
