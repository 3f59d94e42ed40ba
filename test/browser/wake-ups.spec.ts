import { createApiServer, type Answer, type ApiServer } from '../support/api-server.js';
import { expect, test, connectPage, NEVER, workerScript, type App } from '../support/fixtures.js';

/** One entry that no clock will send: only a wake-up can. */
async function waiting(app: App): Promise<void> {
  await app.server.unlisten();
  expect((await app.post('x')).status).toBe(202);
  await app.server.listen();
}

// Its syncs fire when the network comes back, for all that the context has.
test.use({ apart: true });

const never = `backends: [{ baseUrl: '/api', ${NEVER} }]`;

const triggers: Record<string, (app: App) => Promise<unknown>> = {
  online: (app) => app.page.evaluate(() => dispatchEvent(new Event('online'))),
  pageshow: (app) => app.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow'))),
  'visibilitychange to visible': (app) => app.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))),
  'an explicit replay()': (app) => app.call((sync) => sync.replay()),
  'a Background Sync event': async (app) => {
    const session = await app.page.context().newCDPSession(app.page);
    const registered = new Promise<string>((resolve) =>
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        if (registrations[0]) resolve(registrations[0].registrationId);
      }),
    );
    await session.send('ServiceWorker.enable');
    const registrationId = await registered;
    await session.send('ServiceWorker.dispatchSyncEvent', { origin: app.server.origin, registrationId, tag: 'holdfast', lastChance: false });
  },
};

for (const [name, trigger] of Object.entries(triggers)) {
  test(`R14 replay starts on: ${name}`, async ({ open, server }) => {
    const app = await open({ options: never });
    await waiting(app);
    await app.call((sync) => sync.status());
    expect(server.received).toHaveLength(0);
    await trigger(app);
    await app.heard('delivered');
    expect(server.bodies()).toEqual(['x']);
  });

  test(`R14 replay starts on: ${name}, in a worker that was stopped meanwhile`, async ({ open, server }) => {
    const app = await open({ options: never });
    await waiting(app);
    await app.stopWorker();
    expect(server.received).toHaveLength(0);
    await trigger(app);
    await app.heard('delivered');
    expect(server.bodies()).toEqual(['x']);
  });
}

/**
 * With retries, as Chromium's `online` comes a moment before the network that is emulated. And with a
 * worker that lives on: one that starts just then is left without a network for good.
 */
test('R14 replay starts when the network comes back', async ({ open, server, context }) => {
  const app = await open();
  await context.setOffline(true);
  expect(JSON.parse((await app.post('x')).text)).toMatchObject({ reason: 'offline' });
  await context.setOffline(false);
  await app.heard('delivered');
  expect(server.bodies()).toEqual(['x']);
});

test('R14 a worker that learns of the network later than its page is asked again', async ({ open, server, context, page }) => {
  await page.clock.install();
  const app = await open();
  const worker = context.serviceWorkers()[0]!;
  const believe = (value: boolean) =>
    worker.evaluate((onLine) => void Object.defineProperty(navigator, 'onLine', { value: onLine, configurable: true }), value);
  await believe(false);
  expect(JSON.parse((await app.post('x')).text)).toMatchObject({ reason: 'offline' });
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await app.heard('online');
  // What looks after the entry has looked before the worker learns of it.
  await page.clock.runFor(2_500);
  await app.call((sync) => sync.status());
  await believe(true);
  // Its timer is armed when the worker has answered.
  await expect.poll(() => page.clock.runFor(2_500).then(() => app.types())).toContain('delivered');
  expect(server.bodies()).toEqual(['x']);
});

test('R14 replay starts after a success on the same backend', async ({ open, server }) => {
  const app = await open({
    options: `backends: [{ baseUrl: '/api', ${NEVER}, lane: (request) => request.url }]`,
  });
  server.reply(({ path }) => ({ status: path.endsWith('a') ? 503 : 201 }));
  await app.post('a', { path: '/api/a' });
  expect((await app.post('b', { path: '/api/b' })).status).toBe(202);
  server.reply({ status: 201 });
  await app.call((sync) => sync.replay());
  await app.heard('delivered', 2);
});

test('R14 the page keeps the time for a worker that was stopped', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', retry: () => 800 }]` });
  server.reply((_request, count) => ({ status: count === 0 ? 500 : 201 }));
  await app.post('x');
  await app.stopWorker();
  await app.heard('delivered');
});

test('R14 a new page finds the entries that an earlier page left, and sends them', async ({ open, server, context }) => {
  const app = await open({ options: never });
  await waiting(app);
  await app.stopWorker();
  await app.page.close();
  const next = await context.newPage();
  await next.goto(server.origin);
  await connectPage(next);
  await server.arrived(1);
});

test('R14 an installing or waiting worker doesn’t drain', async ({ page, server }) => {
  const script = (version: number) =>
    `/* ${version} */ importScripts('/holdfast-sw.js'); holdfast.install({ backends: [{ baseUrl: '/api', ${NEVER}, beforeSend: (request) => { const headers = new Headers(request.headers); headers.set('X-Version', '${version}'); return new Request(request, { headers }); } }] });`;
  server.serve('/worker.js', script(1));
  await page.goto(server.origin);
  await connectPage(page);
  await page.reload();
  await connectPage(page);
  await server.unlisten();
  await page.evaluate(() => fetch('/api/x', { method: 'POST', body: 'x' }));
  await server.listen();
  server.serve('/worker.js', script(2));
  const waits = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 20));
    await window.sync.replay();
    return registration.waiting !== null;
  });
  expect(waits).toBe(true);
  await server.arrived(1);
  expect(server.received[0]!.headers['x-version']).toBe('1');
});

test.describe('R8 a captive portal', () => {
  // This machine's own servers aren't validated by themselves.
  const validated = `backends: [{ baseUrl: '/api', validate: '/api', ${NEVER} }]`;
  /** The network's own server, at another origin. */
  let portal: ApiServer;
  test.beforeEach(async () => {
    portal = await createApiServer();
    portal.serve('/login', '<!doctype html><title>Welcome to the airport</title>', 'text/html');
  });
  test.afterEach(() => portal.close());

  const answers: [what: string, answer: () => Answer][] = [
    ['a 302 to its login page', () => ({ status: 302, headers: { Location: `${portal.origin}/login` } })],
    ['its page in place of everything', () => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!doctype html>' })],
  ];
  for (const [what, answer] of answers) {
    test(`gets no waiting entry: ${what}`, async ({ open, server }) => {
      const app = await open({ options: validated });
      await server.unlisten();
      await app.post('x');
      server.reply(answer());
      server.replyToValidation(answer());
      await server.listen();
      const warned = app.page.context().waitForEvent('console', (message) => message.text().includes('captive portal'));
      await app.call((sync) => sync.replay());
      await warned;
      await app.call((sync) => sync.replay());
      expect(await app.entries()).toMatchObject([{ state: 'pending', retries: 0 }]);
      expect(server.received).toEqual([]);
      server.reply({ status: 201 });
      server.replyToValidation({});
      await app.call((sync) => sync.replay());
      await app.heard('delivered');
      expect(server.bodies()).toEqual(['x']);
    });
  }

  const own: Answer[] = [
    { status: 308, headers: { Location: '/api/' } },
    { status: 404, headers: { 'Content-Type': 'text/html' } },
  ];
  for (const answer of own) {
    test(`isn’t the server’s own ${answer.status}`, async ({ open, server }) => {
      const app = await open({ options: validated });
      await server.unlisten();
      await app.post('x');
      server.replyToValidation(answer);
      await server.listen();
      await app.call((sync) => sync.replay());
      await app.heard('delivered');
      expect(server.validations()).toBeGreaterThan(0);
    });
  }
});

test('L9 an update takes over within two seconds although an entry waits, and a sync event with it', async ({ open, server }) => {
  const slow = (version: number) => workerScript(`backends: [{ baseUrl: '/api', retry: () => 30_000 }]`) + `\n// ${version}`;
  const app = await open({ options: `backends: [{ baseUrl: '/api', retry: () => 30_000 }]` });
  server.reply({ status: 503 });
  expect((await app.post('x')).status).toBe(202);
  await triggers['a Background Sync event']!(app);
  server.serve('/worker.js', slow(2));
  const tookMs = await app.page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!;
    const taken = new Promise<number>((resolve) => navigator.serviceWorker.addEventListener('controllerchange', () => resolve(performance.now())));
    const waits = new Promise<number>((resolve) => {
      registration.addEventListener('updatefound', () => {
        const { installing } = registration;
        installing!.addEventListener('statechange', () => installing!.state === 'installed' && resolve(performance.now()));
      });
    });
    void registration.update();
    return -(await waits) + (await taken);
  });
  expect(tookMs).toBeLessThan(2_500);
  expect((await app.call((sync) => sync.status())).waiting).toBe(1);
});
