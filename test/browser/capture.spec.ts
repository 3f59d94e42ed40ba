import { chromiumOnly, expect, test, FAST, NETWORK_ERROR, NEVER } from '../support/fixtures.js';
import { onDisk } from '../support/on-disk.js';

const still = `backends: [{ baseUrl: '/api', ${NEVER} }]`;

test.describe('captured requests', () => {
  test('C1 only the configured methods of a configured backend are touched', async ({ open, server }) => {
    const app = await open({ options: still });
    server.serve('/other', 'fine', 'text/plain');
    server.reply('reset');
    const failure = (path: string, method: string) =>
      app.post('', { path, method }).then(
        () => 'answered',
        () => 'failed',
      );
    expect(await failure('/api/x', 'GET')).toBe('failed');
    expect(await failure('/api/x', 'HEAD')).toBe('failed');
    expect(await failure('/apiary', 'POST')).not.toBe(202);
    expect(await app.entries()).toEqual([]);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await app.post('x', { method, headers: { 'Holdfast-Lane': method } })).status).toBe(202);
    }
    expect((await app.entries()).map((entry) => entry.method)).toEqual(['POST', 'PUT', 'PATCH', 'DELETE']);
  });

  test('C1 navigations, no-cors, EventSource, Range and manual redirects are never touched', async ({ open, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', methods: ['GET', 'POST'], ${NEVER} }]` });
    server.reply('reset');
    const untouched = await app.page.evaluate(async () => {
      const outcome = (init: RequestInit) =>
        fetch('/api/x', init).then(
          (response) => response.status,
          () => 'failed',
        );
      const source = new EventSource('/api/stream');
      const streamed = await new Promise((resolve) => (source.onerror = () => resolve('failed')));
      source.close();
      return [
        await outcome({ mode: 'no-cors', method: 'POST', body: 'x' }),
        await outcome({ headers: { Range: 'bytes=0-1' } }),
        await outcome({ redirect: 'manual', method: 'POST', body: 'x' }),
        streamed,
      ];
    });
    expect(untouched).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(await app.entries()).toEqual([]);
    server.reply({ status: 200, body: '<p>a page</p>', headers: { 'Content-Type': 'text/html' } });
    await app.page.goto(`${server.origin}/api/page`);
    expect(server.received.at(-1)?.headers['idempotency-key']).toBeUndefined();
  });

  test('C1 match leaves other requests alone, and a match that throws costs nothing', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api', ${NEVER}, match(request) {
        if (request.url.endsWith('/throws')) throw new Error('match');
        return !request.url.endsWith('/login');
      } }]`,
    });
    server.reply({ status: 503 });
    expect((await app.post('x', { path: '/api/login' })).status).toBe(503);
    expect((await app.post('x', { path: '/api/throws' })).status).toBe(503);
    expect((await app.post('x', { path: '/api/notes' })).status).toBe(202);
  });

  test('K7 a request goes to the backend with the longest base URL', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api', ${NEVER} }, { baseUrl: '/api/v2', ${NEVER}, respond: 'reject' }]`,
    });
    server.reply({ status: 503 });
    expect((await app.post('x', { path: '/api/v20' })).status).toBe(202);
    await expect(app.post('x', { path: '/api/v2/x' })).rejects.toThrow(NETWORK_ERROR);
    expect((await app.entries()).map((entry) => entry.baseUrl)).toEqual([`${server.origin}/api`, `${server.origin}/api/v2`]);
  });
});

test.describe('the page’s answer', () => {
  for (const status of [200, 201, 204, 301, 304, 400, 403, 404, 409, 422, 501, 505]) {
    test(`C2 a ${status} reaches the page unchanged`, async ({ open, server }) => {
      const app = await open({ options: still });
      const body = [204, 301, 304].includes(status) ? '' : 'the server’s own words';
      server.reply(({ method }) =>
        method === 'GET'
          ? { status: 200, body: 'moved' }
          : { status, body, headers: { 'X-Own': 'kept', ...(status === 301 && { Location: '/api/moved' }) } },
      );
      const answer = await app.post('x');
      if (status === 301) expect(answer).toMatchObject({ status: 200, text: 'moved' });
      else expect(answer).toMatchObject({ status, text: body, headers: { 'x-own': 'kept' } });
      expect(answer.headers['holdfast-entry']).toBeUndefined();
      expect(await app.entries()).toEqual([]);
    });
  }

  test('C2 the body of an answer arrives as a stream', async ({ open, server }) => {
    const app = await open({ options: still });
    server.reply({ status: 200, body: 'x'.repeat(300_000) });
    const chunks = await app.page.evaluate(async () => {
      const { body } = await fetch('/api/x', { method: 'POST', body: 'x' });
      const reader = body!.getReader();
      let size = 0;
      for (let part = await reader.read(); !part.done; part = await reader.read()) size += part.value.byteLength;
      return size;
    });
    expect(chunks).toBe(300_000);
  });

  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    test(`C3 a ${status} is stored, and then answered with 202`, async ({ open, server }) => {
      const app = await open({ options: still });
      server.reply({ status });
      const answer = await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
      const key = `|${encodeURIComponent(`${server.origin}/api`)}|mine`;
      expect(answer).toMatchObject({ status: 202, headers: { 'holdfast-entry': 'mine', 'content-type': 'application/json' } });
      expect(JSON.parse(answer.text)).toEqual({
        queued: true,
        id: 'mine',
        key,
        state: 'pending',
        reason: status === 429 ? 'rate-limited' : 'server-error',
      });
      expect(await app.entries()).toMatchObject([{ id: 'mine', key, state: 'pending', lastAnswer: { status } }]);
    });
  }

  test('C3 a broken connection and a closed port are stored', async ({ open, server }) => {
    const app = await open({ options: still });
    server.reply('reset');
    expect(JSON.parse((await app.post('x')).text)).toMatchObject({ queued: true, reason: 'unreachable' });
    await server.unlisten();
    expect((await app.post('x', { headers: { 'Holdfast-Lane': 'other' } })).status).toBe(202);
    expect(await app.entries()).toHaveLength(2);
  });

  test('C3 Holdfast-Mode: reject gives the page a network error, and stores the request all the same', async ({ open, server }) => {
    const app = await open();
    server.reply('reset');
    await expect(app.post('x', { headers: { 'Holdfast-Mode': 'reject' } })).rejects.toThrow(NETWORK_ERROR);
    server.reply({ status: 201 });
    await app.empty();
    expect(server.bodies().at(-1)).toBe('x');
  });

  test('C3 Holdfast-Mode: wait gives the page the server’s real answer, however late', async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) =>
      count < 3 ? { status: 503 } : { status: 201, headers: { 'X-Own': 'late' }, body: { id: 7 } },
    );
    const answer = await app.post('x', { headers: { 'Holdfast-Mode': 'wait' } });
    expect(answer).toMatchObject({ status: 201, text: '{"id":7}', headers: { 'x-own': 'late' } });
    server.reply((_request, count) => ({ status: count < 6 ? 503 : 422, body: 'no' }));
    expect(await app.post('x', { headers: { 'Holdfast-Mode': 'wait' } })).toMatchObject({ status: 422, text: 'no' });
  });

  test('C3 Holdfast-Mode: bypass leaves the request alone', async ({ open, server }) => {
    const app = await open({ options: still });
    server.reply({ status: 503 });
    expect((await app.post('x', { headers: { 'Holdfast-Mode': 'bypass' } })).status).toBe(503);
    expect(await app.entries()).toEqual([]);
  });

  test('C3 no directive reaches the network, at the first send or at replay', async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => ({ status: count % 2 === 0 ? 503 : 201 }));
    const directives = { 'Holdfast-Id': 'a', 'Holdfast-Lane': 'l', 'Holdfast-Auth': 'none', 'Holdfast-Mode': 'queued', 'X-Own': 'kept' };
    await app.post('x', { headers: directives });
    await app.heard('delivered');
    await app.post('x', { headers: { 'Holdfast-Mode': 'bypass' } });
    for (const { headers } of server.received) {
      expect(Object.keys(headers).filter((name) => name.startsWith('holdfast'))).toEqual([]);
    }
    expect(server.received.slice(0, 2).map(({ headers }) => headers['x-own'])).toEqual(['kept', 'kept']);
  });

  test('W3 respond can be a function of the entry and the request with its body', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api', ${NEVER}, respond: async (entry, request) => Response.json({ temporary: entry.id, echo: await request.text() }, { status: 201 }) }]`,
    });
    server.reply({ status: 503 });
    const answer = await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
    expect(answer).toMatchObject({ status: 201, text: '{"temporary":"mine","echo":"x"}' });
  });
});

test.describe('bodies', () => {
  const kinds: Record<string, [source: string, expected: string | number[] | RegExp]> = {
    JSON: [`JSON.stringify({ name: 'Zoë', list: [1, 2] })`, '{"name":"Zoë","list":[1,2]}'],
    text: [`'plain — text\\r\\n'`, 'plain — text\r\n'],
    'FormData with files': [
      `(() => {
        const form = new FormData();
        form.append('title', 'a"b');
        form.append('photo', new File([new Uint8Array([0, 255, 13, 10])], 'p.bin', { type: 'image/png' }));
        return form;
      })()`,
      /name="title"\r\n\r\na"b\r\n[^]*filename="p.bin"\r\nContent-Type: image\/png\r\n\r\n[^]\xff\r\n\r\n/,
    ],
    Blob: [`new Blob([new Uint8Array([1, 0, 2, 254])], { type: 'application/x-own' })`, [1, 0, 2, 254]],
    ArrayBuffer: [`new Uint8Array([9, 0, 255]).buffer`, [9, 0, 255]],
    URLSearchParams: [`new URLSearchParams({ a: '1 2', b: 'ä' })`, 'a=1+2&b=%C3%A4'],
    nothing: [`undefined`, ''],
  };
  for (const [kind, [source, expected]] of Object.entries(kinds)) {
    test(`C4 ${kind} replays byte for byte`, async ({ open, server }) => {
      const app = await open();
      server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
      const url = '/api/notes?q=a%20b&q=2';
      await app.page.evaluate(
        `fetch(${JSON.stringify(url)}, { method: 'PUT', body: ${source}, headers: { 'X-Own': 'kept' }, credentials: 'include' })`,
      );
      await app.heard('delivered');
      const [first, replayed] = server.received;
      if (expected instanceof RegExp) expect(first!.body.toString('latin1')).toMatch(expected);
      else expect([...first!.body]).toEqual([...Buffer.from(expected as string)]);
      expect(replayed!.body.equals(first!.body)).toBe(true);
      expect(replayed).toMatchObject({ method: 'PUT', path: url });
      for (const name of ['content-type', 'content-length', 'x-own', 'referer', 'origin', 'accept', 'cookie']) {
        expect([name, replayed!.headers[name]]).toEqual([name, first!.headers[name]]);
      }
      expect(first!.headers.referer).toBe(`${server.origin}/`);
      if (kind === 'FormData with files') expect(replayed!.headers['content-type']).toContain('boundary=');
    });
  }

  test('C4 a stream replays byte for byte', chromiumOnly('Firefox sends no stream, but its name'), async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.page.evaluate(async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      void writer.write(new Uint8Array([1, 2])).then(() => writer.write(new Uint8Array([3]))).then(() => writer.close());
      await fetch('/api/x', { method: 'POST', body: readable, duplex: 'half' } as RequestInit);
    });
    await app.heard('delivered');
    expect(server.received.map(({ body }) => [...body])).toEqual([[1, 2, 3], [1, 2, 3]]);
  });

  test('C4 4 MB of file in a FormData replay byte for byte', async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.page.evaluate(async () => {
      const bytes = new Uint8Array(4 * 1024 * 1024);
      for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at / 4096;
      const form = new FormData();
      form.append('film', new File([bytes], 'film.bin'));
      await fetch('/api/films', { method: 'POST', body: form });
    });
    await app.heard('delivered');
    expect(server.received[1]!.body.byteLength).toBeGreaterThan(4 * 1024 * 1024);
    expect(server.received[1]!.body.equals(server.received[0]!.body)).toBe(true);
  });

  test('C4 cookies go along at replay as at the first send', async ({ open, server }) => {
    const app = await open();
    await app.page.evaluate(() => (document.cookie = 'session=s1'));
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.post('x');
    await app.heard('delivered');
    expect(server.received.map(({ headers }) => headers.cookie)).toEqual(['session=s1', 'session=s1']);
  });

  test('C4 the referrer policy of a replay is the page’s', async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.page.evaluate(() => fetch('/api/x', { method: 'POST', body: 'x', referrerPolicy: 'no-referrer' }));
    await app.heard('delivered');
    expect(server.received.map(({ headers }) => headers.referer)).toEqual([undefined, undefined]);
  });

  for (const method of ['GET', 'HEAD']) {
    test(`C4 a ${method} that an app opts in is stored with no body and replays`, async ({ open, server }) => {
      const app = await open({ options: `backends: [{ baseUrl: '/api', methods: ['get', 'head'], ${FAST} }]` });
      server.reply('reset');
      expect((await app.post('', { method })).status).toBe(202);
      server.reply({ status: 200 });
      await app.heard('delivered');
      expect(server.received.at(-1)).toMatchObject({ method, text: '' });
      expect(server.received.at(-1)!.headers['content-length']).toBeUndefined();
    });
  }
});

test.describe('secrets and keys', () => {
  test('C5 no Authorization is ever on disk, and a replay carries the live token', async ({ open, server }) => {
    const app = await open();
    server.requireToken();
    const lapsed = await server.token('ann', -3600);
    await app.post('x', { headers: { Authorization: `Bearer ${lapsed}` } });
    await app.heard('held');
    const dump = JSON.stringify(await onDisk(app.page));
    expect(dump).toContain('/api/notes');
    expect(dump.toLowerCase()).not.toContain('authorization');
    for (const part of lapsed.split('.')) expect(dump).not.toContain(part);
    const fresh = await server.token('ann');
    await app.call((sync, token: string) => sync.provideToken(token), fresh);
    await app.heard('delivered');
    expect(server.received.at(-1)!.headers.authorization).toBe(`Bearer ${fresh}`);
  });

  test('C5 a rewritten URL outside the backend gets no token', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api/in', ${FAST}, beforeSend: async (request) =>
        new Request(new URL('/api/out', request.url), { method: request.method, headers: request.headers, body: await request.arrayBuffer() }) }]`,
    });
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.post('x', { path: '/api/in/x', headers: { Authorization: 'Bearer opaque' } });
    await app.heard('delivered');
    expect(server.received.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/api/in/x', 'Bearer opaque'],
      ['/api/out', undefined],
    ]);
    expect(server.bodies()).toEqual(['x', 'x']);
  });

  test('C13 one idempotency key on every attempt, the first included', async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => ({ status: count < 3 ? 503 : 201 }));
    await app.post('x');
    await app.heard('delivered');
    await app.post('y');
    const keys = server.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(new Set(keys.slice(0, 4)).size).toBe(1);
    expect(keys[4]).not.toBe(keys[0]);
  });

  test('C13 a key that the page has set is kept, and idempotencyKey: false adds none', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api', ${FAST} }, { baseUrl: '/api/plain', idempotencyKey: false, ${FAST} }]`,
    });
    server.reply((_request, count) => ({ status: count === 0 ? 503 : 201 }));
    await app.post('x', { headers: { 'Idempotency-Key': '"own"' } });
    await app.heard('delivered');
    await app.post('x', { path: '/api/plain/x' });
    expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['"own"', '"own"', undefined]);
  });
});

test.describe('task ids', () => {
  for (const id of ['-a', 'a b', 'a|b', 'x'.repeat(256)]) {
    test(`K4 refuses the task id ${id.slice(0, 8)}, by its rule`, async ({ open, server }) => {
      const app = await open({ options: still });
      const answer = await app.post('x', { headers: { 'Holdfast-Id': id } });
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/Holdfast-Id.*starts with a letter or digit/);
      expect(server.received).toHaveLength(0);
    });
  }

  for (const [header, value] of [
    ['Holdfast-Mode', 'perhaps'],
    ['Holdfast-Auth', 'basic'],
    ['Holdfast-Replace', 'yes'],
    ['Holdfast-Replace', '1'],
    ['Holdfast-Lane', 'x'.repeat(256)],
  ] as const) {
    test(`a bad ${header} (${value.slice(0, 8)}) is refused by name, and nothing is sent or stored`, async ({ open, server }) => {
      const app = await open({ options: still });
      const answer = await app.post('x', { headers: { [header]: value } });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text).error.message).toContain(`"${header}"`);
      expect(server.received).toHaveLength(0);
      expect(await app.entries()).toEqual([]);
    });
  }

  test('K4 a generated id sorts by time', async ({ open, server }) => {
    const app = await open({ options: still });
    server.reply('reset');
    const ids = [];
    for (const body of ['a', 'b', 'c']) ids.push(JSON.parse((await app.post(body)).text).id);
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9A-Z]{26}$/.test(id))).toBe(true);
    expect(ids.map((id) => id.slice(0, 10))).toEqual(ids.map((id) => id.slice(0, 10)).sort());
  });

  test('K3 the same task id at two backends and in two namespaces is as many entries', async ({ open, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api/a', ${NEVER} }, { baseUrl: '/api/b', ${NEVER} },
        { baseUrl: '/api/c', namespace: 'one', ${NEVER}, match: (request) => request.headers.has('x-one') },
        { baseUrl: '/api/c', namespace: 'two', ${NEVER} }]`,
    });
    server.reply('reset');
    const headers = { 'Holdfast-Id': 'same' };
    for (const path of ['/api/a/x', '/api/b/x', '/api/c/x']) expect((await app.post('x', { path, headers })).status).toBe(202);
    expect((await app.post('x', { path: '/api/c/x', headers: { ...headers, 'X-One': '1' } })).status).toBe(202);
    const entries = await app.entries();
    expect(entries.map(({ namespace }) => namespace)).toEqual(['', '', 'two', 'one']);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(4);
    await app.call((sync, key: string) => sync.cancel(key), entries[1]!.key);
    expect((await app.entries()).map(({ key }) => key)).toEqual([0, 2, 3].map((index) => entries[index]!.key));
  });

  test('K5 a task id that waits is refused with 409, and nothing is overwritten', async ({ open, server }) => {
    const app = await open({ options: still });
    server.reply('reset');
    await app.post('first', { headers: { 'Holdfast-Id': 'same' } });
    const second = await app.post('second', { headers: { 'Holdfast-Id': 'same' } });
    expect(second).toMatchObject({ status: 409, headers: { 'holdfast-entry': 'same' } });
    expect(second.text).toContain('Holdfast-Replace');
    expect(await app.entries()).toHaveLength(1);
  });

  test('K5 Holdfast-Replace replaces a waiting entry in place, which keeps its turn', async ({ open, server }) => {
    const app = await open({ options: still });
    await server.unlisten();
    await app.post('first', { headers: { 'Holdfast-Id': 'same' } });
    await app.post('behind');
    const replacing = { 'Holdfast-Id': 'same', 'Holdfast-Replace': '1' };
    expect((await app.post('second', { headers: replacing, method: 'PUT', path: '/api/other' })).status).toBe(202);
    await server.listen();
    await app.call((sync) => sync.replay());
    await app.heard('delivered', 2);
    expect(server.received.map(({ method, path, text }) => [method, path, text])).toEqual([
      ['PUT', '/api/other', 'second'],
      ['POST', '/api/notes', 'behind'],
    ]);
  });

  test('K5 an entry in flight is never replaced, and the new request queues behind it', async ({ open, server }) => {
    const app = await open();
    server.reply({ status: 503 });
    await app.post('first', { headers: { 'Holdfast-Id': 'same' } });
    let answer = () => {};
    server.reply(({ text }) =>
      text === 'first' ? new Promise((resolve) => (answer = () => resolve({ status: 201 }))) : { status: 201 },
    );
    const before = server.received.length;
    await server.arrived(before + 1);
    await expect.poll(async () => (await app.entries())[0]?.state).toBe('sending');
    const replacing = { 'Holdfast-Id': 'same', 'Holdfast-Replace': '1' };
    expect((await app.post('second', { headers: replacing })).status).toBe(202);
    answer();
    await app.heard('delivered', 2);
    expect(server.bodies().slice(before)).toEqual(['first', 'second']);
  });
});

test('C6 a new request doesn’t overtake the waiting entries of its lane', async ({ open, server }) => {
  const app = await open({ options: still });
  server.reply((_request, count) => ({ status: count === 0 ? 500 : 201 }));
  await app.post('a');
  expect((await app.post('b')).status).toBe(202);
  expect((await app.post('free', { headers: { 'Holdfast-Lane': 'other' } })).status).toBe(201);
  await app.call((sync) => sync.replay());
  await app.heard('delivered', 2);
  expect(server.bodies().filter((body) => body !== 'free')).toEqual(['a', 'a', 'b']);
});

test('C7 no request is tried while the backend is known to be unreachable', async ({ open, server, context }) => {
  const app = await open({ options: still });
  server.reply({ status: 503 });
  await app.post('a');
  const answer = await app.post('b', { headers: { 'Holdfast-Lane': 'other' } });
  expect(JSON.parse(answer.text)).toMatchObject({ reason: 'circuit-open' });
  await context.setOffline(true);
  expect((await app.post('c', { headers: { 'Holdfast-Lane': 'third' } })).status).toBe(202);
  expect(server.bodies()).toEqual(['a']);
});

test('C8 a send that hangs is cut after networkTimeoutMs, and stored', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', networkTimeoutMs: 400, ${FAST} }]` });
  server.reply((_request, count) => (count < 2 ? 'hang' : { status: 201 }));
  expect(JSON.parse((await app.post('x')).text)).toMatchObject({ queued: true, reason: 'timeout' });
  await app.heard('delivered');
  expect((await app.events()).filter((event) => event.type === 'retrying')).toMatchObject([
    { reason: 'timeout' },
    { reason: 'timeout' },
  ]);
});

test('C9 a write-ahead request is on disk before its first byte goes out', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', capture: 'write-ahead', ${FAST} }]` });
  let seen: unknown[] = [];
  server.reply(async () => {
    seen = await app.entries();
    return { status: 201 };
  });
  expect((await app.post('x')).status).toBe(201);
  expect(seen).toMatchObject([{ state: 'sending', reason: 'first-send' }]);
  expect(await app.entries()).toEqual([]);
  server.reply({ status: 422, body: 'no' });
  expect(await app.post('x')).toMatchObject({ status: 422, text: 'no' });
  expect(await app.entries()).toEqual([]);
  server.reply((_request, count) => ({ status: count < 3 ? 503 : 201 }));
  expect((await app.post('y')).status).toBe(202);
  await app.heard('delivered');
  expect(new Set(server.received.slice(2).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('C9 two write-ahead requests at once both get the server’s answer', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', capture: 'write-ahead', ${FAST} }]` });
  server.reply({ status: 201 });
  const answers = await Promise.all(['a', 'b', 'c'].map((body) => app.post(body)));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(server.received).toHaveLength(3);
});
