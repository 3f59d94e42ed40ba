import { spawn } from 'node:child_process';
import { chromium as chromiumType, firefox as firefoxType, type Frame, type Page } from '@playwright/test';
import { createApiServer } from '../support/api-server.js';
import { chromium } from '../support/chromium.js';
import { firefox } from '../support/firefox.js';
import { chromiumOnly, connectPage, expect, NEVER, openApp, test, workerScript } from '../support/fixtures.js';

const KEEPS = workerScript(`backends: [{ baseUrl: '/api', ${NEVER} }]`);

/** Adds a frame to the page, and gives it once it's loaded. */
async function framed(page: Page, attributes: Record<string, string>): Promise<Frame> {
  const element = await page.evaluateHandle(async (all) => {
    const frame = document.createElement('iframe');
    for (const [name, value] of Object.entries(all)) frame.setAttribute(name, value);
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    document.body.append(frame);
    await loaded;
    return frame;
  }, attributes);
  return (await element.contentFrame())!;
}

/** Connects in a frame, makes a write while the server is away, and gives what the outbox has. */
const keeps = (frame: Frame): Promise<unknown> =>
  frame.evaluate(`(async () => {
    const sync = await Holdfast.connect({ worker: '/worker.js' });
    const { status } = await fetch('/api/notes', { method: 'POST', body: 'x' });
    const entries = await sync.entries();
    sync.close();
    return [status, entries.length];
  })()`);

const failure = (frame: Frame, options = `{ worker: '/worker.js' }`): Promise<unknown> =>
  frame.evaluate(`Holdfast.connect(${options}).then(() => 'connected', ({ message }) => message)`);

test('W6 the script that has taken the scope is named by a call’s error, and by that of the next connect', async ({ page, server }) => {
  server.serve('/worker.js', KEEPS);
  server.serve('/mockServiceWorker.js', 'onactivate = (event) => event.waitUntil(clients.claim()); oninstall = () => skipWaiting();');
  await page.goto(server.origin);
  const [call, connect] = (await page.evaluate(`(async () => {
    const sync = await Holdfast.connect({ worker: '/worker.js', deadlineMs: 3_000 });
    const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
    await navigator.serviceWorker.register('/mockServiceWorker.js');
    await taken;
    const message = (promise) => promise.then(() => 'answered', (error) => error.message);
    return Promise.all([message(sync.status()), message(Holdfast.connect({ deadlineMs: 3_000 }))]);
  })()`)) as [string, string];
  expect(call).toBe(`holdfast: the worker ${server.origin}/mockServiceWorker.js gave no answer within 3000 ms`);
  expect(connect).toContain('/mockServiceWorker.js gave no answer');
  expect(connect).toContain('Has another script taken the scope?');
});

test.describe('W13 connect', () => {
  test.beforeEach(async ({ page, server }) => {
    server.serve('/worker.js', KEEPS);
    server.reply('reset');
    await page.goto(server.origin);
  });

  test('works in a frame of srcdoc, whose writes are its page’s', async ({ page }) => {
    expect(await keeps(page.mainFrame())).toEqual([202, 1]);
    const frame = await framed(page, { srcdoc: '<script src="/holdfast.js"></script>' });
    expect(await keeps(frame)).toEqual([202, 2]);
  });

  test('says of a sandboxed frame, and of a data: page, that such have no service worker', async ({ page, server }) => {
    const words = /no service worker in a data: page, or a sandbox without allow-same-origin/;
    const script = `<script src="${server.origin}/holdfast.js"></script>`;
    expect(await failure(await framed(page, { sandbox: 'allow-scripts', srcdoc: script }))).toMatch(words);
    expect(await failure(await framed(page, { sandbox: 'allow-scripts', src: server.origin }))).toMatch(words);
    expect(await failure(await framed(page, { src: `data:text/html,${encodeURIComponent(script)}` }), `{ worker: '${server.origin}/worker.js' }`)).toMatch(words);
  });

  test('in a frame of another site has an outbox of its own, or says that the browser gives no service worker there', async ({ page, browserName }) => {
    const site = await createApiServer();
    site.serve('/worker.js', KEEPS);
    site.reply('reset');
    // Another name is another site.
    const origin = site.origin.replace('localhost', '127.0.0.1');
    const frame = await framed(page, { src: origin });
    // Playwright turns Chromium's partitioned storage off.
    if (browserName === 'chromium') expect(await failure(frame)).toMatch(/could not be registered: .*denied permission/);
    else expect(await keeps(frame)).toEqual([202, 1]);
    await page.goto(origin);
    expect(await keeps(page.mainFrame())).toEqual([202, 1]);
    await site.close();
  });
});

test('W13 a frame of another site has an outbox for each site that embeds it, and sends from that alone', async ({ page: common, server, browserName }) => {
  // A browser of its own is started.
  test.slow();
  // That is for Chromium, as Playwright turns partitioned storage off; of two such switches the last one counts.
  const own = browserName === 'chromium' ? await chromiumType.launch({ ...chromium(), args: ['--disable-features=None'] }) : null;
  const page = own ? await own.newPage() : common;
  server.serve('/worker.js', KEEPS);
  server.reply('reset');
  const at = (site: string) => server.origin.replace('localhost', `${site}.localhost`);
  const embeddedIn = async (site: string) => {
    await page.goto(at(site));
    return framed(page, { src: at('embedded') });
  };
  expect(await keeps(await embeddedIn('first'))).toEqual([202, 1]);
  expect(await keeps(await embeddedIn('second'))).toEqual([202, 1]);
  await page.goto(at('embedded'));
  expect(await keeps(page.mainFrame())).toEqual([202, 1]);
  const frame = await embeddedIn('first');
  expect(await keeps(frame)).toEqual([202, 2]);
  const before = server.received.length;
  server.reply({ status: 201 });
  // A send may be under way that the server has cut off, and waits after that.
  const waiting = `(async () => {
    window.sync ??= await Holdfast.connect({ worker: '/worker.js' });
    await sync.replay();
    return (await sync.status()).waiting;
  })()`;
  await expect.poll(() => frame.evaluate(waiting)).toBe(0);
  expect(server.received.length - before).toBe(2);
  await own?.close();
});

test('W13 in Firefox’s private windows what fails is kept, large bodies too, and delivered after a reload and the worker’s end', async ({ server, browserName }) => {
  test.skip(browserName === 'chromium', 'every test runs in what Chromium has for a private window');
  // A browser of its own is started.
  test.slow();
  const { firefoxUserPrefs, ...how } = firefox() ?? {};
  const browser = await firefoxType.launch({ ...how, firefoxUserPrefs: { ...firefoxUserPrefs, 'browser.privatebrowsing.autostart': true } });
  const page = await browser.newPage();
  server.reply('reset');
  const app = await openApp(page, server);
  // The file system of an origin is what a private window doesn't have.
  expect(await page.evaluate(() => navigator.storage.getDirectory().then(() => 'there', ({ name }: Error) => name))).toBe('SecurityError');
  const sizes = [1_000, 300_000];
  for (const size of sizes) expect(await page.evaluate(async (size) => (await fetch('/api/notes', { method: 'POST', body: new Blob([new Uint8Array(size)]) })).status, size)).toBe(202);
  await app.call((sync) => sync.pause());
  await app.stopWorker();
  await page.reload();
  await connectPage(page);
  expect((await app.entries()).map(({ state, bodySize }) => [state, bodySize])).toEqual(sizes.map((size) => ['paused', size]));
  server.reply({ status: 201 });
  await app.call((sync) => sync.resume());
  await app.heard('delivered', 2);
  expect(server.received.slice(-2).map(({ body }) => body.length)).toEqual(sizes);
  await browser.close();
});

test('W13 a prerendered page connects once it’s shown, and its write is kept before', chromiumOnly('only Chromium prerenders'), async ({ server, profile }) => {
  // A browser of its own is started.
  test.slow();
  const told: unknown[] = [];
  let look = () => {};
  const heard = (count: number) => new Promise<string>((resolve) => (look = () => void (told.length >= count && resolve(''))));
  server.serve('/told', async (_url, request) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    told.push(JSON.parse(text));
    look();
    return '';
  });
  server.serve('/written', () => heard(1));
  server.serve('/worker.js', KEEPS);
  server.reply('reset');
  const scripted = (script: string) => `<!doctype html><script src="/holdfast.js"></script><script type="module">
    const say = (what) => fetch('/told', { method: 'PUT', body: JSON.stringify(what) });
    ${script}
  </script>`;
  server.serve(
    '/first',
    scripted(`await Holdfast.connect({ worker: '/worker.js' });
      const rules = Object.assign(document.createElement('script'), { type: 'speculationrules', textContent: '{"prerender":[{"source":"list","urls":["/second"],"eagerness":"immediate"}]}' });
      document.head.append(rules);
      await fetch('/written');
      location.href = '/second';`),
    'text/html',
  );
  server.serve(
    '/second',
    scripted(`let ready = false;
      const connecting = Holdfast.connect({ worker: '/worker.js' }).then((sync) => ((ready = true), sync));
      const { status } = await fetch('/api/notes', { method: 'POST', body: 'x' });
      await say({ prerendering: document.prerendering, status, ready });
      const { waiting } = await (await connecting).status();
      await say({ prerendering: document.prerendering, waiting });`),
    'text/html',
  );
  const { executablePath = chromiumType.executablePath() } = chromium();
  const args = ['--headless=new', '--no-first-run', `--user-data-dir=${profile}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), `${server.origin}/first`];
  // A page that DevTools sees, as all of Playwright's are, is never prerendered.
  const browser = spawn(executablePath, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  try {
    await expect.poll(() => told, { timeout: 45_000 }).toEqual([
      { prerendering: true, status: 202, ready: false },
      { prerendering: false, waiting: 1 },
    ]);
  } finally {
    browser.kill();
    await ended;
  }
});
