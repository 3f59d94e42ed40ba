import type { Page } from '@playwright/test';
import { seeded } from '../chaos/random.js';
import { createApiServer } from '../support/api-server.js';
import { closedStream, createFeed, openStream } from '../support/feed.js';
import { chromiumOnly, connectPage, expect, FAST, openApp, test } from '../support/fixtures.js';

declare global {
  interface Window {
    /** How the last loop has ended: 'over', or the error's name and words. */
    ended?: string;
    /** What was seen of a stream, its states among them. */
    states: string[];
  }
}

const events = (...ids: number[]) => ids.map((id) => `id: ${id}\ndata: ${id}\n\n`).join('');
const FEED = '/api/feed';

/** Reads a stream in the page, and leaves the loop after `count` events. Gives what it saw, and how it ended. */
const read = (page: Page, options: string, count = Infinity, url = FEED): Promise<{ seen: string[]; ended: string }> =>
  page.evaluate(`(async () => {
    const seen = [];
    let ended = 'over';
    try {
      for await (const { id, event } of window.sync.observe(${JSON.stringify(url)}, { ${options} })) {
        seen.push(id ?? event);
        if (seen.length >= ${count}) break;
      }
    } catch ({ name, message }) {
      ended = name + ': ' + message;
    }
    return { seen, ended };
  })()`);

/** What lies in the checkpoint store. */
const checkpoints = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('holdfast');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const db = opening.result;
          const store = db.transaction('checkpoints').objectStore('checkpoints');
          const [keys, values] = [store.getAllKeys(), store.getAll()];
          values.onsuccess = () => {
            db.close();
            resolve(Object.fromEntries(keys.result.map((key, index) => [key, values.result[index]])));
          };
        };
      }),
  );
const lastIds = (server: { received: { headers: Record<string, unknown> }[] }) =>
  server.received.map(({ headers }) => headers['last-event-id'] ?? null);

test('S1 S3 S4 each of 10 000 events is seen once, in order, over 50 cuts, reloads and killed workers, and no checkpoint is left', async ({ open, server }) => {
  // It's the work of some fifty tests.
  test.setTimeout(60_000);
  const total = 10_000;
  // Where a connection stays open until something has happened to the page.
  const held = new Map<number, (cut: () => void) => void>();
  const reached = (connection: number) => new Promise<() => void>((resolve) => held.set(connection, resolve));
  const feed = createFeed({ total, cuts: 50, atMost: 300, random: seeded(20), held });
  server.reply((request) => feed.reply(request));
  const app = await open();
  const { page } = app;
  const begin = (life: number) =>
    page.evaluate((life) => {
      void (async () => {
        let n = 0;
        for await (const { id } of window.sync.observe('/api/feed', { taskId: 'feed', parse: JSON.parse }))
          // It outlives the page, up to the very event.
          sessionStorage.setItem(`${life}:${n++}`, String(id));
      })().then(
        () => (window.ended = 'over'),
        (error: Error) => (window.ended = `${error.name}: ${error.message}`),
      );
    }, life);
  const plan = [[7, 'reload'], [15, 'kill'], [24, 'reload'], [33, 'kill'], [42, 'reload']] as const;
  let life = 0;
  let next = reached(plan[0][0]);
  await begin(life);
  for (const [index, [, what]] of plan.entries()) {
    const cut = await next;
    next = reached(plan[index + 1]?.[0] ?? Infinity);
    if (what === 'kill') {
      await app.stopWorker();
      cut();
    } else {
      await page.reload();
      await connectPage(page);
      await begin(++life);
    }
  }
  await page.waitForFunction(() => window.ended !== undefined);
  expect(await page.evaluate(() => window.ended)).toBe('over');
  const lives: number[][] = await page.evaluate(
    (lives) =>
      Array.from({ length: lives }, (_, life) => {
        const ids = [];
        for (let n = 0; ; n++) {
          const id = sessionStorage.getItem(`${life}:${n}`);
          if (id === null) return ids;
          // The last one has none.
          if (id !== 'null') ids.push(Number(id));
        }
      }),
    life + 1,
  );
  expect(feed.cutsLeft).toBe(0);
  expect(feed.resumed.length).toBeGreaterThan(50);
  let known = 0;
  for (const ids of lives) {
    // Within one life of the page nothing comes twice, and nothing is left out.
    expect(ids).toEqual(ids.map((_, index) => ids[0]! + index));
    // What was handed over and not yet stored when the page went may come again.
    expect(ids[0] ?? known + 1).toBeLessThanOrEqual(known + 1);
    known = Math.max(known, ids.at(-1) ?? 0);
  }
  expect(known).toBe(total);
  expect(lives.flat().length).toBeLessThan(total + lives.length * 300);
  expect(await checkpoints(page)).toEqual({});
});

test('S1 the checkpoint is the last event that the loop was done with, and the terminal event clears it', async ({ open, server }) => {
  const app = await open();
  server.reply(() => openStream(events(1, 2, 3)));
  expect(await read(app.page, `taskId: 'feed'`, 2)).toEqual({ seen: ['1', '2'], ended: 'over' });
  const key = `|${encodeURIComponent(`${server.origin}/api`)}|feed`;
  expect(await checkpoints(app.page)).toEqual({ [key]: '2' });
  server.reply(() => closedStream(`${events(3)}event: done\ndata:\n\n`));
  expect(await read(app.page, `taskId: 'feed'`)).toEqual({ seen: ['3', 'done'], ended: 'over' });
  expect(await checkpoints(app.page)).toEqual({});
});

test('S1 an app’s own isTerminal says which event is terminal', async ({ open, server }) => {
  const app = await open();
  server.reply(() => openStream(`${events(1)}event: done\ndata: 0\n\ndata: [DONE]\n\n`));
  const options = `taskId: 'feed', isTerminal: ({ data }) => data === '[DONE]'`;
  expect(await read(app.page, options)).toEqual({ seen: ['1', 'done', 'message'], ended: 'over' });
});

test('S1 ten thousand events that come faster than they can be written are written in less than a thousand writes', async ({ open, server }) => {
  const ids = Array.from({ length: 10_000 }, (_, index) => index + 1);
  server.reply(() => closedStream(`${events(...ids)}event: done\ndata:\n\n`));
  const { page } = await open();
  const [count, writes] = await page.evaluate(async () => {
    let [count, writes] = [0, 0];
    const { postMessage } = ServiceWorker.prototype;
    ServiceWorker.prototype.postMessage = function (message: { path?: string[] }, ...rest: []) {
      if (message.path?.[0] === 'saveCheckpoint') writes++;
      return postMessage.call(this, message, ...rest);
    };
    for await (const { event } of window.sync.observe('/api/feed', { taskId: 'feed' })) if (event === 'message') count++;
    ServiceWorker.prototype.postMessage = postMessage;
    return [count, writes] as const;
  });
  expect(count).toBe(10_000);
  expect(writes).toBeGreaterThan(0);
  expect(writes).toBeLessThan(1_000);
});

test('S2 the worker leaves a stream’s request alone, also where GET is a backend’s', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', methods: ['GET', 'POST'], ${FAST} }]` });
  server.reply((_request, count) => (count === 0 ? { status: 503 } : closedStream(`${events(1)}event: end\ndata:\n\n`)));
  expect(await read(app.page, `taskId: 'feed'`)).toEqual({ seen: ['1', 'end'], ended: 'over' });
  expect(await app.types()).not.toContain('queued');
  expect(server.received.map(({ headers }) => headers.accept)).toEqual(['text/event-stream', 'text/event-stream']);
});

test('S2 a stream begins after an explicit id, else after the stored one, else at the start, and after a cut the stored id wins', async ({ open, server }) => {
  const app = await open();
  server.reply(() => openStream(events(8, 9)));
  await read(app.page, `taskId: 'feed'`, 1);
  await read(app.page, `taskId: 'feed'`, 1);
  await read(app.page, `taskId: 'feed', lastEventId: '5'`, 1);
  server.reply((_request, count) => (count === 3 ? closedStream(': nothing\n\n') : openStream(events(99))));
  await read(app.page, `taskId: 'feed', lastEventId: '5'`, 1);
  expect(lastIds(server)).toEqual([null, '8', '5', '5', '8']);
});

test('S3 streams of two namespaces, base URLs or task ids don’t meet, and the same stream in two tabs does', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api' }, { baseUrl: '/api/v2', namespace: 'shop' }]` });
  const stream = (id: number) => server.reply(() => openStream(events(id)));
  stream(1);
  await read(app.page, `taskId: 'feed'`, 1);
  stream(2);
  await read(app.page, `taskId: 'feed', namespace: 'shop'`, 1);
  stream(3);
  await read(app.page, `taskId: 'feed', baseUrl: '/other'`, 1);
  stream(4);
  await read(app.page, `taskId: 'other'`, 1);
  stream(5);
  // The longest base URL is the stream's own, with its namespace.
  await read(app.page, `taskId: 'feed'`, 1, '/api/v2/feed');
  stream(6);
  await read(app.page, `taskId: 'feed'`, 1, '/elsewhere');
  const at = (namespace: string, path: string, taskId: string) => `${namespace}|${encodeURIComponent(server.origin + path)}|${taskId}`;
  expect(await checkpoints(app.page)).toEqual({
    [at('', '/api', 'feed')]: '1',
    [at('shop', '/api', 'feed')]: '2',
    [at('', '/other', 'feed')]: '3',
    [at('', '/api', 'other')]: '4',
    [at('shop', '/api/v2', 'feed')]: '5',
  });
  const second = await app.page.context().newPage();
  await second.goto(server.origin);
  await connectPage(second);
  stream(7);
  await read(second, `taskId: 'feed'`, 1);
  expect(lastIds(server).at(-1)).toBe('1');
});

test('S3 a stream goes on where it was after its browser was closed', chromiumOnly('Firefox takes twenty seconds to start on a profile of its own'), async ({ server, profile, launch }) => {
  // A browser is started twice, which takes a busy machine up to twenty seconds each.
  test.setTimeout(120_000);
  server.reply(({ headers }) => openStream(headers['last-event-id'] === '2' ? events(3) : events(1, 2)));
  for (const expected of [['1', '2'], ['3']]) {
    const context = await launch(profile);
    const app = await openApp(await context.newPage(), server);
    expect((await read(app.page, `taskId: 'feed'`, expected.length)).seen).toEqual(expected);
    await context.close();
  }
  expect(lastIds(server)).toEqual([null, '2']);
});

test('S4 a stream drops each event that the server sends again', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) => closedStream(count === 0 ? `retry: 5\n${events(1, 2, 3)}` : `${events(2, 3, 4)}event: done\ndata:\n\n`));
  expect((await read(app.page, `taskId: 'feed'`)).seen).toEqual(['1', '2', '3', '4', 'done']);
});

test('S5 a stream waits for the network while offline, and goes on by itself', async ({ open, server, page }) => {
  const app = await open();
  let cut = () => {};
  server.reply((_request, count) => (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    if (count > 0) return void response.end('event: done\ndata:\n\n');
    response.write(`retry: 5\n${events(1)}`);
    cut = () => response.destroy();
  });
  await page.evaluate(() => {
    const states: string[] = (window.states = []);
    const onState = ({ state }: { state: string }) => states.push(state);
    void (async () => {
      for await (const { id, event } of window.sync.observe('/api/feed', { taskId: 'feed', onState })) states.push(id ?? event);
      window.ended = 'over';
    })();
  });
  const states = () => page.evaluate(() => window.states);
  await expect.poll(states).toEqual(['open', '1']);
  await page.context().setOffline(true);
  cut();
  await expect.poll(states).toEqual(['open', '1', 'waiting']);
  // Longer than the delay, by the page's own clock.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 20)));
  expect(server.received).toHaveLength(1);
  await page.context().setOffline(false);
  await page.waitForFunction(() => window.ended === 'over');
  expect(await states()).toEqual(['open', '1', 'waiting', 'open', 'done']);
  expect(app.server.received).toHaveLength(2);
});

test.describe('S6 tokens', () => {
  test('a 401 makes one forced refresh by the client’s getToken for all streams of the page', async ({ open, server, page }) => {
    server.requireToken();
    const tokens = JSON.stringify([await server.token('ann', -600), await server.token('ann')]);
    const connect = `getToken: (request) => { (window.asked ??= []).push(request); return (window.tokens ??= ${tokens}).shift(); }`;
    const app = await open({ connect });
    server.reply(() => closedStream('event: done\ndata:\n\n'));
    expect(await read(app.page, `taskId: 'feed'`)).toEqual({ seen: ['done'], ended: 'over' });
    expect(server.received.map(({ user }) => user)).toEqual([null, 'ann']);
    expect(await page.evaluate(() => (window as unknown as { asked: unknown[] }).asked)).toMatchObject([
      { reason: 'token-missing', rejected: false, baseUrl: `${server.origin}/api` },
      { reason: 'auth-expired', rejected: true, baseUrl: `${server.origin}/api` },
    ]);
  });

  test('three refusals end a stream with AuthRejectedError, and false or a blank token makes no re-send', async ({ open, server }) => {
    server.requireToken();
    const app = await open();
    expect((await read(app.page, `taskId: 'feed', getToken: () => 'stale'`)).ended).toMatch(/^AuthRejectedError: .*and so were 2 fresh tokens/);
    expect(server.received).toHaveLength(3);
    expect((await read(app.page, `taskId: 'feed', getToken: ({ rejected }) => (rejected ? ' ' : 'stale')`)).ended).toMatch(/^AuthRejectedError: .*there is no fresh token/);
    expect(server.received).toHaveLength(4);
    expect((await read(app.page, `taskId: 'feed', getToken: false`)).ended).toMatch(/^StreamError: .*answered with 401/);
    expect(server.received).toHaveLength(5);
  });

  test('a sign-out in another tab ends each stream that carries the token, and no other', async ({ open, server, context }) => {
    const app = await open({ connect: `getToken: () => 'anns'` });
    server.reply(() => openStream(events(1)));
    await app.page.evaluate(() => {
      const follow = async (options: object) => {
        for await (const _ of window.sync.observe('/api/feed', { taskId: 'feed', ...options })) (window.states ??= []).push('event');
      };
      void follow({}).catch(({ name, message }: Error) => (window.ended = `${name}: ${message}`));
      void follow({ getToken: false, taskId: 'public' }).catch(() => window.states.push('ended'));
    });
    await app.page.waitForFunction(() => window.states?.length === 2);
    const second = await context.newPage();
    await second.goto(server.origin);
    await connectPage(second);
    await second.evaluate(() => window.sync.signOut());
    await app.page.waitForFunction(() => window.ended !== undefined);
    expect(await app.page.evaluate(() => window.ended)).toBe('AbortError: holdfast: the user has signed out');
    expect(await app.page.evaluate(() => window.states)).toEqual(['event', 'event']);
  });

  test('a stream of another host, or of no backend, gets no token', async ({ open, server }) => {
    const foreign = await createApiServer({ cors: true });
    try {
      const app = await open({ connect: `getToken: () => 'secret'` });
      for (const one of [server, foreign]) {
        one.reply(() => closedStream('event: done\ndata:\n\n'));
      }
      const { origin } = foreign;
      expect((await read(app.page, `taskId: 'a'`, 1, `${origin}/api/feed`)).seen).toEqual(['done']);
      expect((await read(app.page, `taskId: 'a', baseUrl: '/api'`, 1, `${origin}/api/feed`)).seen).toEqual(['done']);
      expect((await read(app.page, `taskId: 'a'`, 1, '/apiary')).seen).toEqual(['done']);
      expect((await read(app.page, `taskId: 'a'`, 1)).seen).toEqual(['done']);
      expect(foreign.received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
      expect(server.received.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer secret']);
    } finally {
      await foreign.close();
    }
  });
});

test('S7 a checkpoint that can’t be saved ends the stream with that error', async ({ open, server }) => {
  const app = await open();
  server.reply(() => openStream(`id: ${'x'.repeat(65_537)}\ndata: 1\n\n`));
  expect((await read(app.page, `taskId: 'feed'`)).ended).toMatch(/^ConfigError: .*it must be a string of 65536 characters/);
});

test('S7 an event that can’t be parsed is fatal, and the stream is asked for once', async ({ open, server }) => {
  const app = await open();
  server.reply(() => openStream('id: 1\ndata: 1\n\nid: 2\ndata: {\n\n'));
  expect(await read(app.page, `taskId: 'feed', parse: JSON.parse`)).toEqual({
    seen: ['1'],
    ended: expect.stringMatching(/^StreamError: .*parse threw for an event/),
  });
  server.reply({ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>' });
  expect((await read(app.page, `taskId: 'feed'`)).ended).toMatch(/^StreamError: .*its type is text\/html, not text\/event-stream/);
  expect(server.received).toHaveLength(2);
});

test.describe('S8 a stream', () => {
  const watched = () => {
    let gone = () => {};
    const closed = new Promise<void>((resolve) => (gone = resolve));
    return { closed, reply: () => openStream(events(1, 2), gone) };
  };

  test('closes its connection at break', async ({ open, server }) => {
    const { closed, reply } = watched();
    const app = await open();
    server.reply(reply);
    await read(app.page, `taskId: 'feed'`, 1);
    await closed;
  });

  test('ends by return while next waits for the server', async ({ open, server }) => {
    const { closed, reply } = watched();
    const app = await open();
    server.reply(reply);
    const ended = await app.page.evaluate(async () => {
      const iterator = window.sync.observe('/api/feed', { taskId: 'feed' });
      await iterator.next();
      await iterator.next();
      const waiting = iterator.next();
      return [await iterator.return!(), await waiting, await iterator.next()];
    });
    const over = { done: true, value: undefined };
    expect(ended).toEqual([over, over, over]);
    await closed;
  });

  for (const [where, reply, offline] of [
    ['a next that waits for the server', () => openStream(events(1)), false],
    ['the backoff', () => ({ status: 503, headers: { 'Retry-After': '3600' } }), false],
    ['the gate', () => ({ status: 503 }), true],
  ] as const)
    test(`ends in ${where} by a signal with its reason, and by close()`, async ({ open, server, page }) => {
      const app = await open();
      server.reply(reply);
      for (const [how, words] of [['stopIt.abort(new Error("enough"))', 'Error: enough'], ['sync.close()', 'AbortError: holdfast: the client is closed']] as const) {
        await page.evaluate((isOffline) => {
          Object.defineProperty(navigator, 'onLine', { get: () => !isOffline, configurable: true });
          const stop = new AbortController();
          const seen: string[] = (window.states = []);
          delete window.ended;
          Object.assign(window, { stopIt: stop });
          void (async () => {
            const { signal } = stop;
            for await (const { id } of window.sync.observe('/api/feed', { taskId: 'feed', signal, lastEventId: '', onState: ({ state }) => seen.push(state) }))
              seen.push(String(id));
          })().catch(({ name, message }: Error) => (window.ended = `${name}: ${message}`));
        }, offline);
        const last = where.startsWith('a next') ? '1' : 'waiting';
        await page.waitForFunction((last) => window.states.includes(last), last);
        await page.evaluate(how);
        await page.waitForFunction(() => window.ended !== undefined);
        expect(await page.evaluate(() => window.ended)).toBe(words);
      }
      expect(app.server.received).toHaveLength(2);
    });

  test('sends nothing with a signal that’s aborted already', async ({ open, server }) => {
    const app = await open();
    expect(await read(app.page, `taskId: 'feed', signal: AbortSignal.abort(new Error('no'))`)).toEqual({ seen: [], ended: 'Error: no' });
    expect(server.received).toEqual([]);
  });
});

test('a wrong option of observe fails at once, with its name and the rule', async ({ open, server }) => {
  const app = await open();
  const thrown = (call: string): Promise<string> =>
    app.page.evaluate(`(() => { try { window.sync.observe(${call}); return 'nothing'; } catch ({ name, message }) { return name + ': ' + message; } })()`);
  for (const [call, words] of [
    [`undefined, { taskId: 'a' }`, 'option "url"'],
    [`' ', { taskId: 'a' }`, 'option "url" is " "'],
    [`'/api', {}`, 'option "taskId" is null; a task id starts with'],
    [`'ftp://x.example/', { taskId: 'a' }`, 'option "url" is "ftp://x.example/"; it must be an http or https URL'],
    [`'https://u:p@x.example/', { taskId: 'a' }`, 'option "url"'],
    [`'/api'`, 'option "options" is null; it must be an object with a taskId'],
    [`'/api', { taskId: 'a|b' }`, 'option "taskId" is "a|b"; a task id starts with'],
    [`'/api', { taskId: 7 }`, 'option "taskId" is 7; a task id starts with'],
    [`'/api', { taskId: 'a', baseUrl: 'ftp://x' }`, 'option "baseUrl" is "ftp://x"; it must be an http or https URL'],
    [`'/api', { taskId: 'a', namespace: 7 }`, 'option "namespace" is 7; it must be a string'],
    [`'/api', { taskId: 'a', lastEventId: 'a\\nb' }`, 'option "lastEventId" is "a\\nb"; it must be an event\'s id'],
    [`'/api', { taskId: 'a', signal: {} }`, 'option "signal" is {}; it must be an AbortSignal'],
    [`'/api', { taskId: 'a', headers: { 'a b': 'c' } }`, 'option "headers" is {"a b":"c"}; it must be headers'],
    [`'/api', { taskId: 'a', credentials: 'all' }`, 'option "credentials"'],
    [`'/api', { taskId: 'a', getToken: 'x' }`, 'option "getToken" is "x"; it must be a function of a request for a token, or false'],
    [`'/api', { taskId: 'a', parse: 1 }`, 'option "parse" is 1; it must be a function of an event\'s text'],
    [`'/api', { taskId: 'a', isTerminal: 1 }`, 'option "isTerminal" is 1'],
    [`'/api', { taskId: 'a', onState: 1 }`, 'option "onState" is 1'],
    [`'/api', { taskId: 'a', retries: 1 }`, 'option "retries" is 1; it isn\'t known; known are: taskId'],
  ] as const)
    expect(await thrown(call)).toContain(`ConfigError: holdfast: ${words}`);
  expect(server.received).toEqual([]);
});
