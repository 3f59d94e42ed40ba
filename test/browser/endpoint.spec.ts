import { chromiumOnly, connectPage, expect, test, workerScript, FAST, NEVER } from '../support/fixtures.js';

test('T6 a call wakes a stopped worker, and the next call wakes it once more', async ({ open }) => {
  const app = await open();
  for (let round = 0; round < 3; round++) {
    await app.stopWorker();
    expect(await app.call((sync) => sync.status())).toMatchObject({ waiting: 0 });
  }
});

test('T6 a call survives a worker that’s stopped in the middle of it', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  server.reply('reset');
  await app.post('x');
  const calls = app.page.evaluate(() => Promise.all(Array.from({ length: 20 }, () => window.sync.entries())));
  await app.stopWorker();
  expect((await calls).map((entries) => entries.length)).toEqual(Array(20).fill(1));
});

test.describe('T6 a message that got lost', () => {
  // The clock of a page is its whole context's.
  test.use({ apart: true });

  const losesOne = `let lost = 0;
    self.addEventListener('message', (event) => {
      if (event.data?.path?.[0] === 'entries' && lost++ === 0) event.stopImmediatePropagation();
    });
    ${workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`)}`;

  test('is sent again', async ({ page, server }) => {
    server.serve('/worker.js', losesOne);
    await page.goto(server.origin);
    await connectPage(page);
    expect(await page.evaluate(() => window.sync.entries())).toEqual([]);
  });

  test('is sent again at once when another worker takes over', async ({ page, server }) => {
    server.serve('/worker.js', losesOne);
    await page.clock.install();
    await page.goto(server.origin);
    await connectPage(page);
    // From here on no time brings it.
    await page.clock.pauseAt(Date.now() + 60_000);
    const answer = await page.evaluate(async () => {
      const asked = window.sync.entries();
      navigator.serviceWorker.dispatchEvent(new Event('controllerchange'));
      return asked;
    });
    expect(answer).toEqual([]);
  });
});

test('T6 an older worker that doesn’t answer is named when the new one waits', async ({ page, server }) => {
  server.serve('/worker.js', 'self.addEventListener("install", () => self.skipWaiting());');
  await page.goto(server.origin);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/worker.js');
    await navigator.serviceWorker.ready;
  });
  server.serve('/worker.js', "importScripts('/holdfast-sw.js'); holdfast.install({ backends: [{ baseUrl: '/api' }] });");
  const isWaiting = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      await registration.update();
      return registration.waiting !== null;
    });
  // One that controls no page would be replaced at once.
  await page.reload();
  await expect.poll(isWaiting).toBe(true);
  const failure = await page.evaluate(`Holdfast.connect({ worker: '/worker.js', deadlineMs: 300 }).catch(({ message }) => message)`);
  expect(failure).toContain('the new one waits until');
});

test('T6 a call that nobody answers fails at its deadline', async ({ page, server }) => {
  server.serve('/worker.js', 'self.addEventListener("install", () => self.skipWaiting());');
  await page.goto(server.origin);
  const failure = await page.evaluate(
    `Holdfast.connect({ worker: '/worker.js', deadlineMs: 300 }).catch(({ message, cause }) => [message, cause.name, cause.message])`,
  );
  expect(failure).toEqual([
    expect.stringMatching(/\/worker\.js gave no answer within 300 ms; does it call holdfast\.install/),
    'TimeoutError',
    `holdfast: the worker ${server.origin}/worker.js gave no answer within 300 ms`,
  ]);
});

test('T6 a closed client ends its calls, and keeps no listener', async ({ open }) => {
  const app = await open();
  const ended = await app.page.evaluate(async () => {
    const settled = window.sync.settled('nobody').catch((error: Error) => error.name);
    window.sync.close();
    return [await settled, await window.sync.status().catch((error: Error) => error.name)];
  });
  expect(ended).toEqual(['AbortError', 'AbortError']);
});

test('an error keeps its name and its words across Comlink', async ({ open }) => {
  const app = await open();
  const failure = await app.page.evaluate(() =>
    window.sync.provideToken('t', { baseUrl: '/nowhere' }).catch(({ name, message }: Error) => ({ name, message })),
  );
  expect(failure).toEqual({
    name: 'ConfigError',
    message: expect.stringMatching(/option "baseUrl" is "\/nowhere"; it's no backend of this worker; known are: http/),
  });
});

test('a message that isn’t of the protocol gets a clear error, and changes nothing', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  server.reply('reset');
  await app.post('x');
  const answers = await app.page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const ask = (message: object) =>
      new Promise((resolve) => {
        const id = Math.random().toString();
        const listen = ({ data }: MessageEvent) => {
          if (data?.id !== id) return;
          navigator.serviceWorker.removeEventListener('message', listen);
          resolve(data.value?.value?.message ?? data.value);
        };
        navigator.serviceWorker.addEventListener('message', listen);
        active!.postMessage({ id, holdfast: 1, ...message });
      });
    for (const noise of ['text', null, 7, { id: 1 }, { id: 'x' }, { type: 'APPLY' }]) active!.postMessage(noise);
    return [
      await ask({ type: 'APPLY', path: ['destroy'], argumentList: [] }),
      await ask({ type: 'GET', path: ['constructor', 'constructor'] }),
      await ask({ type: 'APPLY', path: ['constructor', 'constructor'], argumentList: [{ type: 'RAW', value: 'return 1' }] }),
      await ask({ type: 'SET', path: ['status'], value: { type: 'RAW', value: 1 } }),
    ];
  });
  for (const answer of answers) expect(answer).toMatch(/there's no call/);
  expect(await app.entries()).toHaveLength(1);
});

test('an app’s own Comlink in the same worker isn’t disturbed', async ({ page, server }) => {
  server.serve(
    '/worker.js',
    `${workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`)}
     self.addEventListener('message', (event) => {
       if (event.data?.path?.[0] === 'own') event.source.postMessage({ id: event.data.id, type: 'RAW', value: 'mine' });
     });`,
  );
  await page.goto(server.origin);
  const value = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.register('/worker.js');
    const { active } = await navigator.serviceWorker.ready;
    navigator.serviceWorker.startMessages();
    const heard: unknown[] = [];
    navigator.serviceWorker.addEventListener('message', ({ data }) => heard.push(data.value));
    active!.postMessage({ id: 'own-1', type: 'APPLY', path: ['own'], argumentList: [] });
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return [registration.scope.length > 0, heard];
  });
  expect(value).toEqual([true, ['mine']]);
});

test.describe('a wrong option', () => {
  for (const [options, words] of [
    [`backends: []`, /option "backends" is \[\]; it must list one backend or more/],
    [`backends: [{}]`, /"backends\[0\]\.baseUrl" is undefined; it must be an http or https URL/],
    [`backends: [{ baseUrl: '/api?x' }]`, /"backends\[0\]\.baseUrl" is "\/api\?x"; it must have no query/],
    [`backends: [{ baseUrl: '/api', retires: 3 }]`, /"backends\[0\]\.retires" is 3; it isn't known; known are: baseUrl/],
    [`backends: [{ baseUrl: '/api', capture: 'sometimes' }]`, /capture" is "sometimes"; it must be 'on-failure'/],
    [`backends: [{ baseUrl: '/api', networkTimeoutMs: -1 }]`, /networkTimeoutMs" is -1; it must be a number of milliseconds/],
    [`backends: [{ baseUrl: '/api', retry: { maxRetries: 1.5 } }]`, /retry\.maxRetries" is 1\.5; it must be a whole number/],
    [`backends: [{ baseUrl: '/api', auth: { on401: 'x' } }]`, /auth\.on401" is "x"; it must be 'hold' or 'pass'/],
    [`backends: [{ baseUrl: '/api', limits: { maxAgeMs: 0 } }]`, /limits\.maxAgeMs" is 0; it must be a number of milliseconds over 0/],
    [`backends: [{ baseUrl: '/api', limits: { entries: 9 } }]`, /limits\.entries" is 9; it isn't known; known are: maxEntries, /],
    [`backends: [{ baseUrl: '/api' }, { baseUrl: '/api/' }]`, /"backends\[1\]\.baseUrl".*same backend as backends\[0\]/],
    [`backends: [{ baseUrl: '/api' }], onEvents: () => {}`, /option "onEvents" is a function; it isn't known/],
  ] as const) {
    test(`fails at install: ${options.slice(0, 60)}`, async ({ page, server }) => {
      server.serve('/worker.js', `importScripts('/holdfast-sw.js'); try { holdfast.install({ ${options} }); } catch (error) { self.failure = error.name + ' ' + error.message; }
        self.addEventListener('message', (event) => event.source.postMessage(self.failure));`);
      await page.goto(server.origin);
      const failure = await page.evaluate(async () => {
        await navigator.serviceWorker.register('/worker.js');
        const { active } = await navigator.serviceWorker.ready;
        navigator.serviceWorker.startMessages();
        const heard = new Promise((resolve) => navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data)));
        active!.postMessage('say');
        return heard;
      });
      expect(failure).toMatch(/^ConfigError/);
      expect(failure).toMatch(words);
    });
  }

  test('fails the registration, so no broken worker goes live', async ({ page, server }) => {
    server.serve('/worker.js', workerScript('backends: 7'));
    await page.goto(server.origin);
    const failure = await page.evaluate(
      `Holdfast.connect({ worker: '/worker.js' }).then(() => 'connected', ({ name }) => name)`,
    );
    expect(failure).toBe('RegistrationError');
  });

  for (const [script, words] of [
    ['/missing.js', /\/missing\.js could not be registered: it is answered with 404; is the path right\?/],
    ['/page.js', /\/page\.js could not be registered: it comes as text\/html, and has to come as text\/javascript/],
    ['/broken.js', /\/broken\.js could not be registered: .*fails with: .*the fault.* \(.*\/broken\.js:2\)/s],
    ['/config.js', /\/config\.js could not be registered: .*fails with: .*option "backends"/s],
    ['/import.js', /\/import\.js could not be registered: .*fails with: .*(nowhere\.js|NetworkError)/s],
  ] as const) {
    test(`B4 W11 a script that can’t be a worker says why: ${script}`, async ({ page, server }) => {
      server.serve('/page.js', '<!doctype html>', 'text/html');
      server.serve('/broken.js', '// A comment.\nthrow new Error("the fault")');
      server.serve('/config.js', workerScript('backends: 7'));
      server.serve('/import.js', 'importScripts("/nowhere.js")');
      await page.goto(server.origin);
      expect(await page.evaluate(`Holdfast.connect({ worker: ${JSON.stringify(script)} }).catch(({ message }) => message)`)).toMatch(words);
    });
  }

  test('B4 an insecure page is told that it’s insecure', chromiumOnly('Firefox routes no requests of such a page here'), async ({ page, server }) => {
    await page.route('http://insecure.test/**', async (route) => {
      const path = new URL(route.request().url()).pathname;
      await route.fulfill({ response: await page.request.get(server.origin + path) });
    });
    await page.goto('http://insecure.test/');
    expect(await page.evaluate(`Holdfast.connect({ worker: '/worker.js' }).catch(({ message }) => message)`)).toMatch(/https or localhost/);
  });

  test('B4 a write that no backend takes is mentioned once, to whoever looks for its cause', chromiumOnly('the console of a worker is heard there only'), async ({ open, context }) => {
    const lines: [string, string][] = [];
    context.on('console', (message) => lines.push([message.type(), message.text()]));
    const app = await open({ options: `backends: [{ baseUrl: '/api/v1' }, { baseUrl: '/api/v2' }]` });
    for (const path of ['/api/v3/notes?token=secret', '/api/v3/notes']) await app.post('x', { path });
    await app.post('x', { path: '/api/v1/notes' });
    const said = lines.filter(([, text]) => text.includes('no backend takes it'));
    expect(said).toEqual([['debug', expect.stringMatching(/POST .*\/api\/v3\/notes\?token=[^s]*.* isn't kept: .*\/api\/v1, .*\/api\/v2/)]]);
  });

  test('a worker whose scope leaves the page out is an error, not a silent nothing', async ({ page, server }) => {
    server.serve('/deep/worker.js', workerScript(`backends: [{ baseUrl: '/api' }]`));
    await page.goto(server.origin);
    const failure = await page.evaluate(`Holdfast.connect({ worker: '/deep/worker.js' }).catch(({ message }) => message)`);
    expect(failure).toMatch(/its scope is .*\/deep\/, and this page is outside of it/);
  });

  for (const [options, words] of [
    [`{ worker: 7 }`, /option "worker" is 7; it must be the URL/],
    [`{ worker: '/worker.js', getTokens: 1 }`, /option "getTokens" is 1; it isn't known; known are: worker/],
    [`{ worker: '/worker.js', getToken: 'x' }`, /option "getToken" is "x"; it must be a function/],
    [`{ worker: '/worker.js', deadlineMs: 0 }`, /option "deadlineMs" is 0; it must be a number/],
    [`{}`, /option "worker" is undefined; it's needed/],
  ] as const) {
    test(`fails at connect: ${options}`, async ({ page, server }) => {
      await page.goto(server.origin);
      const failure = await page.evaluate(`Holdfast.connect(${options}).catch(({ message }) => message)`);
      expect(failure).toMatch(words);
    });
  }
});
