import { describe, expect, test } from 'vitest';
import type { Commit } from '../../sw/ports.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const AHEAD = { backends: [{ baseUrl: '/api', capture: 'write-ahead' as const }] };
const ok = () => new Response(null, { status: 201 });
const failing = (status: number) => () => new Response(null, { status });
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });
const request = (body: string, headers: Record<string, string> = {}) => ({ method: 'POST', body, headers });
const NAMED = { 'Holdfast-Id': 'mine' };
const REPLACING = { ...NAMED, 'Holdfast-Replace': '1' };

const sent = ({ log }: Harness) => log.flatMap((line) => / send (\S+)/.exec(line)?.[1] ?? []);
const after = ({ clock }: Harness, ms: number, make: () => Response): Promise<Response> =>
  new Promise((resolve) => void clock.after(ms, () => resolve(make())));

/** The server keeps its first answer back: gives what lets it go. */
function withheldFirst({ server }: Harness): () => void {
  let answer = () => {};
  server((_request, count) => (count === 0 ? new Promise((resolve) => (answer = () => resolve(ok()))) : ok()));
  return () => answer();
}

/** The next commits that are meant fail, so many times. */
function failCommits({ outbox }: Harness, times: number, isMeant: (commit: Commit) => boolean): void {
  const { commit } = outbox;
  let left = times;
  outbox.commit = (one) =>
    isMeant(one) && left-- > 0 ? Promise.reject(new DOMException('full', 'QuotaExceededError')) : commit(one);
}

describe('a first send that’s on disk', () => {
  test('a page has the server’s answer to its first send although the write to disk never ends', async () => {
    const harness = createHarness();
    harness.outbox.capture = () => new Promise(() => {});
    harness.server(() => after(harness, 300, ok));
    let status = 0;
    void harness.fetch('/api/x', request('a')).then((answer) => (status = answer!.status));
    await harness.clock.advance(400);
    expect(status).toBe(201);
  });

  test('a first send that’s answered isn’t sent again, though its removal from the disk fails at first', async () => {
    const harness = createHarness({ backends: [{ baseUrl: 'https://other.example/api' }] });
    harness.server(() => after(harness, 300, ok));
    failCommits(harness, 3, ({ seq }) => seq !== undefined);
    void harness.fetch('https://other.example/api/x', request('a'));
    await harness.clock.advance(60_000);
    expect(sent(harness)).toEqual(['a']);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('K5 a first send that’s written late doesn’t replace an entry under its id whose page was told 202', async () => {
    const harness = createHarness();
    harness.server((_request, count) =>
      count === 0 ? after(harness, 100, failing(500)) : count === 1 ? after(harness, 400, failing(422)) : ok(),
    );
    const one = harness.fetch('/api/x', request('one', NAMED));
    await harness.clock.advance(50);
    const two = harness.fetch('/api/x', request('two', REPLACING));
    await harness.clock.advance(60_000);
    expect([(await one)!.status, (await two)!.status]).toEqual([202, 422]);
    expect(sent(harness)).toEqual(['one', 'two', 'one']);
  });

  test('K5 a write-ahead request doesn’t replace an entry that’s stored under its id between its look and its write', async () => {
    const harness = createHarness(AHEAD);
    const { find } = harness.outbox;
    harness.server((_request, count) => (count === 0 ? failing(500)() : count === 1 ? failing(422)() : ok()));
    expect((await harness.post('one', { headers: NAMED })).status).toBe(202);
    // The second looks before the first is there.
    harness.outbox.find = async () => [];
    const lane = { 'Holdfast-Lane': 'b' };
    expect((await harness.fetch('/api/x', request('two', { ...REPLACING, ...lane })))!.status).toBe(422);
    harness.outbox.find = find;
    await harness.clock.advance(60_000);
    expect(sent(harness)).toEqual(['one', 'two', 'one']);
  });

  test('K5 a delivered first send doesn’t remove the request that another worker has stored under its id', async () => {
    const harness = createHarness(AHEAD);
    const answer = withheldFirst(harness);
    void harness.fetch('/api/x', request('one', NAMED));
    await settle();
    harness.second();
    expect((await harness.fetch('/api/x', request('two', REPLACING)))!.status).toBe(202);
    answer();
    await harness.clock.advance(60_000);
    expect(sent(harness)).toEqual(['one', 'two']);
  });

  test('K5 a delivered replay doesn’t remove the request that another worker has stored under its id', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.fetch('/api/x', request('one', NAMED));
    await harness.clock.advance(1_000);
    harness.goOnline();
    const answer = withheldFirst(harness);
    await harness.api.replay();
    await settle();
    harness.second();
    expect((await harness.fetch('/api/x', request('two', REPLACING)))!.status).toBe(202);
    answer();
    await harness.clock.advance(60_000);
    expect(sent(harness)).toEqual(['one', 'two']);
  });

  test('a first send that’s cancelled while its 401 is being judged leaves no hold, and its page gets no 202', async () => {
    const harness = createHarness(AHEAD);
    harness.server(expired);
    let judge = () => {};
    harness.slowDigest((content) =>
      content === 'old' && sent(harness).length > 0 ? new Promise((resolve) => (judge = resolve)) : Promise.resolve(),
    );
    const answer = harness.fetch('/api/x', request('a', { ...NAMED, Authorization: 'Bearer old' }));
    await settle();
    expect(await harness.api.cancel('mine')).toBe(true);
    judge();
    expect((await answer)!.status).not.toBe(202);
    expect((await harness.api.status()).backends[0]!.holds).toEqual([]);
  });

  test('a page that waits for its answer hears that another worker has cancelled its request', async () => {
    const harness = createHarness(AHEAD);
    harness.server(() => after(harness, 100, failing(500)));
    const answer = harness.fetch('/api/x', request('a', { ...NAMED, 'Holdfast-Mode': 'wait' }));
    await settle();
    harness.second();
    expect(await harness.api.cancel('mine')).toBe(true);
    await harness.clock.advance(60_000);
    expect((await answer)!.type).toBe('error');
  });

  test('C3 a page that waits at one worker hears of a delivery by another worker', async () => {
    const harness = createHarness();
    harness.server((_request, count) => (count === 0 ? failing(500)() : ok()));
    const answer = harness.fetch('/api/x', request('a', { 'Holdfast-Mode': 'wait' }));
    await settle();
    harness.second();
    await harness.api.replay();
    await harness.clock.advance(5_000);
    expect((await answer)!.status).toBe(201);
  });

  test('D1 an event of a worker that an update replaces is known to the newer worker', async () => {
    const harness = createHarness(AHEAD);
    const keys = new Set<string | null>();
    harness.server((one, count) => {
      keys.add(one.headers.get('idempotency-key'));
      return count === 0 ? 'hang' : ok();
    });
    const { fetchAtFirst, killFirst } = harness.update();
    await harness.api.status();
    void fetchAtFirst('/api/x', request('a'));
    await settle();
    killFirst();
    expect((await harness.fetch('/api/x', request('a')))!.status).toBe(201);
    await harness.clock.advance(5_000);
    expect(keys.size).toBe(1);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('L11 a first send that a replaced worker couldn’t write into the line is the newer worker’s once there’s room', async () => {
    const harness = createHarness(AHEAD);
    let answer = (_response: Response) => {};
    harness.server((_request, count) => (count === 0 ? new Promise((resolve) => (answer = resolve)) : ok()));
    const { fetchAtFirst, activate } = harness.update();
    await harness.api.status();
    const waiting = fetchAtFirst('/api/x', request('a', { 'Holdfast-Mode': 'wait' }));
    await settle();
    activate();
    failCommits(harness, 1, ({ seq }) => seq !== undefined);
    answer(failing(500)());
    await harness.clock.advance(20_000);
    await harness.look();
    await harness.clock.advance(1_000);
    expect(await harness.api.entries()).toEqual([]);
    expect((await waiting)!.status).toBe(201);
  });

  test('D2 a send of a living worker isn’t made by another worker too', async () => {
    const harness = createHarness(AHEAD);
    harness.server(() => 'hang');
    void harness.fetch('/api/x', request('a'));
    await settle();
    harness.second();
    await harness.look();
    await harness.clock.advance(5_000);
    expect(sent(harness)).toEqual(['a']);
  });

  test('D1 an event of a living worker isn’t taken by another worker for one that comes again', async () => {
    const harness = createHarness(AHEAD);
    harness.server((_request, count) => (count === 0 ? 'hang' : ok()));
    void harness.fetch('/api/x', request('a'));
    await settle();
    harness.second();
    const second = harness.fetch('/api/x', request('a'));
    await harness.clock.advance(5_000);
    expect((await second)!.status).toBe(202);
    expect(await harness.api.entries()).toHaveLength(2);
  });
});

test('A1 a request that’s refused as a duplicate closes no gate', async () => {
  const harness = createHarness();
  harness.server((_request, count) => (count === 0 ? failing(500)() : after(harness, 100, expired)));
  const headers = { ...NAMED, Authorization: 'Bearer old' };
  const both = ['a', 'b'].map((body) => harness.fetch('/api/x', request(body, headers)));
  await harness.clock.advance(200);
  expect((await Promise.all(both)).map((answer) => answer!.status)).toEqual([202, 409]);
  expect((await harness.api.status()).backends[0]!.holds).toEqual([]);
});

describe('limits', () => {
  test('R18 an expiry that can’t be written stops no other entry', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', limits: { maxAgeMs: 1_000 } }, { baseUrl: '/other' }] });
    harness.goOffline();
    await harness.fetch('/api/x', request('old'));
    await harness.fetch('/other/x', request('b'));
    await harness.clock.advance(500);
    failCommits(harness, 20, ({ seq }) => seq === 1);
    await harness.clock.advance(600);
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(5_000);
    expect(sent(harness)).toEqual(['b']);
    await harness.clock.advance(60_000);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'expired' }]);
  });

  test('C10 a request that takes another one’s place has an age of its own', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', limits: { maxAgeMs: 1_000 } }] });
    harness.goOffline();
    await harness.fetch('/api/x', request('one', NAMED));
    await harness.clock.advance(900);
    await harness.fetch('/api/x', request('two', REPLACING));
    await harness.clock.advance(200);
    expect(await harness.api.entries()).toMatchObject([{ state: 'pending' }]);
  });

  test('C6 C10 a request that finds no room when its turn has come overtakes nothing, and fails', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', limits: { maxEntries: 1 } }] });
    harness.server((_request, count) => (count === 0 ? after(harness, 100, failing(500)) : ok()));
    void harness.fetch('/api/x', request('a'));
    await settle();
    harness.goOffline();
    const second = harness.fetch('/api/x', request('b'));
    await settle();
    harness.goOnline();
    await harness.clock.advance(60_000);
    expect((await second)!.type).toBe('error');
    expect(sent(harness)).toEqual(['a', 'a']);
  });

  test('R14 a Background Sync event doesn’t wait for an entry that only grows old', async () => {
    const harness = createHarness();
    harness.server(expired);
    await harness.fetch('/api/x', request('a', { Authorization: 'Bearer old' }));
    await settle();
    expect(await harness.linger(1_000)).toBe(true);
  });
});

test('C6 a newer write doesn’t overtake an entry that the older worker, which an update has replaced, has stored meanwhile', async () => {
  const harness = createHarness();
  const { server, fetch, clock, log, update, api } = harness;
  let answer = (_response: Response) => {};
  server(() => new Promise((resolve) => (answer = resolve)));
  const { fetchAtFirst, activate } = update();
  activate();
  // It has read what was on disk.
  await api.status();
  const older = fetchAtFirst('/api/notes', { method: 'POST', body: 'older' });
  await settle();
  answer(new Response(null, { status: 503 }));
  expect((await older)?.status).toBe(202);
  server(() => new Response(null, { status: 201 }));
  const newer = await fetch('/api/notes', { method: 'POST', body: 'newer' });
  expect(await newer?.json()).toMatchObject({ reason: expect.stringMatching(/behind-waiting|circuit-open/) as unknown });
  await clock.advance(10_000);
  const bodies = log.filter((line) => line.includes('send ')).map((line) => line.split(' ')[2]);
  expect(bodies.slice(-2)).toEqual(['older', 'newer']);
});

test('R14 what a worker has in hand when an update replaces it, and hasn’t sent, is left to the newer worker', async () => {
  const asked: (() => void)[] = [];
  const beforeSend = () => new Promise<void>((resolve) => void asked.push(resolve));
  const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend }] });
  const { server, post, goOffline, goOnline, api, second, look } = harness;
  server(ok);
  goOffline();
  await post('a');
  goOnline();
  await api.wake('online');
  await settle();
  second();
  void look();
  asked[0]?.();
  await settle();
  expect(sent(harness)).toEqual([]);
  asked[1]?.();
  await settle();
  expect(sent(harness)).toEqual(['a']);
});

test('R18 replays that were planned before an outage began, and haven’t been sent by then, leave one probe', async () => {
  const asked: (() => void)[] = [];
  const beforeSend = () => new Promise<void>((resolve) => void asked.push(resolve));
  const lane = ({ url }: Request) => url;
  const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend, lane }] });
  const { server, post, goOffline, goOnline, api, clock } = harness;
  goOffline();
  for (const name of ['a', 'b']) await post(name, { path: `/api/${name}` });
  goOnline();
  await api.wake('online');
  await settle();
  server(() => 'drop');
  await post('c', { path: '/api/c' });
  const letAllGo = async () => {
    for (const go of asked.splice(0)) go();
    await settle();
  };
  await letAllGo();
  expect(sent(harness)).toEqual(['c']);
  await clock.advance(600);
  await letAllGo();
  expect(sent(harness)).toEqual(['c', 'a']);
});
