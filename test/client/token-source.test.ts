import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { feedTokens, type Sources } from '../../client/token-source.js';
import type { BackendStatus, SyncApi, TokenResult } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';

const HOLD = { baseUrl: 'https://app.example/api', namespace: '', at: 0, owner: 'ann', reason: 'auth-expired' } as const;
const required: SyncEvent = { ...HOLD, type: 'auth-required' };
const released: SyncEvent = { ...HOLD, type: 'released', generation: 1 };

/** A page whose backend is held until `release`, and whose worker's answers to a token wait to be let go. */
function feed(tokens: () => string | null = () => 'fresh') {
  const held = { ...HOLD, holds: [{ owner: 'ann', reason: 'auth-expired', since: 0 }], tokenExpiresAt: null } as unknown as BackendStatus;
  let isHeld = true;
  let asked = 0;
  const waiting: ((result: TokenResult) => void)[] = [];
  const api = {
    status: async () => ({ backends: [{ ...held, holds: isHeld ? held.holds : [] }] }),
    provideToken: (token: string | null) =>
      token === null ? Promise.resolve('ignored: blank') : new Promise((resolve) => waiting.push(resolve)),
  } as unknown as SyncApi;
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const getToken = () => {
    asked++;
    return tokens();
  };
  const source = feedTokens(api, { getToken }, end.signal, '');
  return {
    hear: source.hear,
    asked: () => asked,
    release: () => (isHeld = false),
    hold: () => (isHeld = true),
    /** The worker has taken the token, and says so. */
    answer: () => waiting.shift()!('released'),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('addEventListener', () => {});
  vi.stubGlobal('removeEventListener', () => {});
  vi.stubGlobal('navigator', { serviceWorker: new EventTarget() });
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('getToken', () => {
  test('T1 is asked for a refusal that’s heard before the answer to the token that was refused', async () => {
    const page = feed();
    await settle();
    expect(page.asked()).toBe(1);
    for (const event of [released, required]) page.hear(event);
    page.answer();
    await settle();
    expect(page.asked()).toBe(2);
  });

  test('T1 is asked three times at once and then spaced, however the refusals and the answers come', async () => {
    const page = feed();
    for (let refusal = 1; refusal <= 3; refusal++) {
      await settle();
      expect(page.asked()).toBe(refusal);
      for (const event of [released, required]) page.hear(event);
      page.answer();
    }
    await vi.advanceTimersByTimeAsync(5_999);
    expect(page.asked()).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(page.asked()).toBe(4);
  });

  test.each([
    ['at once where the server has taken the tokens, as its final answers show', 422, 4],
    ['later where its final answers are 401s', 401, 3],
  ])('T1 is asked %s', async (_when, status, asked) => {
    const page = feed();
    const failed = { ...HOLD, type: 'failed', reason: 'permanent', status } as unknown as SyncEvent;
    for (let token = 1; token <= 3; token++) {
      await settle();
      page.answer();
      await settle();
      for (const event of [released, failed, required]) page.hear(event);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(page.asked()).toBe(asked);
  });

  test('T1 isn’t asked again when it was wanted twice for one hold', async () => {
    const page = feed();
    await settle();
    page.hear(required);
    page.release();
    page.answer();
    await settle();
    expect(page.asked()).toBe(1);
  });

  test('T4 is asked at once when the network comes back, however often it has given none', async () => {
    const page = feed(() => null);
    await vi.advanceTimersByTimeAsync(6_000 + 12_000 + 24_000);
    expect(page.asked()).toBe(4);
    page.hear({ type: 'online', at: 0 });
    await settle();
    expect(page.asked()).toBe(5);
  });

  test('T1 is asked when a new worker takes over that knows of a hold which the earlier worker didn’t know', async () => {
    const page = feed();
    page.release();
    await settle();
    page.hear(required);
    await settle();
    expect(page.asked()).toBe(0);
    page.hold();
    navigator.serviceWorker.dispatchEvent(new Event('controllerchange'));
    await settle();
    expect(page.asked()).toBe(1);
  });
});

describe('a worker that has lost its token', () => {
  /** A page that is asked for the tokens it gave, as its worker was started anew. */
  function page() {
    const given: unknown[][] = [];
    const api = {
      status: async () => ({ backends: [] }),
      provideToken: async (...values: unknown[]) => void given.push(values),
    } as unknown as SyncApi;
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const source = feedTokens(api, { getToken: () => expect.fail() }, end.signal, '');
    const again = () => {
      given.length = 0;
      source.hear({ type: 'token', isLost: true });
      return given;
    };
    return { ...source, api, again };
  }

  test('L10 is given the last one of each target again', async () => {
    const { api, again } = page();
    const other = { baseUrl: '/other' };
    for (const [token, to] of [['old'], ['new'], ['theirs', other], [null], ['', other]] as const) await api.provideToken(token, to);
    expect(again()).toEqual([
      ['new', undefined, true],
      ['theirs', other, true],
    ]);
  });

  test('L10 A16 is given none from before a sign-out', async () => {
    const { api, again, endSession } = page();
    await api.provideToken('old');
    endSession();
    expect(again()).toEqual([]);
  });
});

/** A page whose backend has a hold of this reason until `api.renew` releases it. */
function held(reason: 'session-expired' | 'csrf-expired', sources: Sources, result: () => TokenResult = () => 'released') {
  const hold = { owner: null, reason, since: 0, ...(reason === 'csrf-expired' && { cookie: 'mine' }) };
  const renewed: unknown[][] = [];
  let holds = [hold];
  const api = {
    status: async () => ({ backends: [{ baseUrl: HOLD.baseUrl, namespace: '', holds, tokenExpiresAt: null }] }),
    renew: async (...said: unknown[]) => {
      renewed.push(said);
      const given = result();
      if (given === 'released') holds = [];
      return given;
    },
  } as unknown as SyncApi;
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const source = feedTokens(api, sources, end.signal, '');
  return { ...source, renewed };
}

const target = { baseUrl: HOLD.baseUrl, namespace: '' };

describe('renewSession', () => {
  test('P3 is asked for a lapsed session, and true releases', async () => {
    const renewSession = vi.fn(() => true);
    const page = held('session-expired', { renewSession, getToken: () => expect.fail() });
    await settle();
    page.hear({ ...required, reason: 'session-expired' });
    await settle();
    expect(renewSession.mock.calls).toEqual([[{ ...target, signal: expect.any(AbortSignal) }]]);
    expect(page.renewed).toEqual([[target]]);
  });

  test.each([['gives false', () => false], ['throws', () => { throw new Error('no'); }]])('P3 is asked again with backoff when it %s', async (_what, give) => {
    const renewSession = vi.fn(give);
    const page = held('session-expired', { renewSession });
    await vi.advanceTimersByTimeAsync(6_000 + 12_000);
    expect(renewSession).toHaveBeenCalledTimes(3);
    expect(page.renewed).toEqual([]);
  });

  test('P3 a sign-out ends it', async () => {
    let give = (_isLive: boolean) => {};
    const page = held('session-expired', { renewSession: () => new Promise((resolve) => (give = resolve)) });
    await settle();
    page.endSession();
    give(true);
    await settle();
    expect(page.renewed).toEqual([]);
  });

  test('P3 the release of a token’s hold leaves its next try', async () => {
    const renewSession = vi.fn(() => false);
    const page = held('session-expired', { renewSession });
    await settle();
    page.hear({ ...HOLD, type: 'released', generation: 1, reason: undefined as never });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(renewSession).toHaveBeenCalledTimes(2);
  });
});

describe('getCsrfToken', () => {
  const withPage = (meta: string | null, cookie: string) =>
    Object.assign(document, { querySelector: () => (meta === null ? null : { content: meta }), cookie });

  test('P5 is asked, and given along with the cookies that carry the token', async () => {
    withPage('of the meta tag', 'other=1; XSRF-TOKEN=a%3D=; mine=2');
    const page = held('csrf-expired', { getCsrfToken: async () => 'given' });
    await settle();
    expect(page.renewed).toEqual([[target, { token: 'given', cookies: { 'XSRF-TOKEN': 'a%3D=', mine: '2' } }]]);
  });

  test('P4 without it the page’s meta tag counts', async () => {
    withPage('of the meta tag', '');
    const page = held('csrf-expired', {});
    await settle();
    expect(page.renewed).toEqual([[target, { token: 'of the meta tag', cookies: {} }]]);
  });

  test('P5 what was refused already is asked again with backoff', async () => {
    withPage(null, '');
    const getCsrfToken = vi.fn(() => 'old');
    held('csrf-expired', { getCsrfToken }, () => 'ignored: same-token');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(getCsrfToken).toHaveBeenCalledTimes(2);
  });
});
