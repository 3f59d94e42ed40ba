import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { callsOver } from '../../client/calls.js';
import { workerEndpoint } from '../../client/worker-endpoint.js';
import { ConfigError } from '../../sw/policy/errors.js';
import { thrown, type CallMessage } from '../../sw/protocol/comlink.js';

/** A page whose worker has swallowed whatever it doesn't answer. */
function connect() {
  const container = Object.assign(new EventTarget(), { startMessages: () => {} });
  vi.stubGlobal('navigator', { serviceWorker: container });
  const posted: CallMessage[] = [];
  const registration = { active: { postMessage: (message: CallMessage) => void posted.push(structuredClone(message)) } };
  const api = callsOver(workerEndpoint(registration as unknown as ServiceWorkerRegistration));
  return {
    api,
    /** The names of the calls that were posted since it was asked last. */
    posted: () => posted.splice(0).map(({ path }) => path?.[0]),
    /** The same calls, whole. */
    messages: () => posted.splice(0),
    /** The worker refuses whatever it was posted. */
    refuse(error: Error) {
      for (const { id } of posted) container.dispatchEvent(new MessageEvent('message', { data: { id, ...thrown(error) } }));
    },
    /** The worker answers whatever it was posted. */
    answer() {
      for (const { id } of posted) container.dispatchEvent(new MessageEvent('message', { data: { id, type: 'RAW', value: 'stored' } }));
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('calls to the worker', () => {
  test('T6 of which the last one counts are posted again, in the page’s order, with each newer one, as the worker may have swallowed them', () => {
    const { api, posted } = connect();
    void api.provideToken('bob’s');
    expect(posted()).toEqual(['provideToken']);
    void api.signOut({ purge: true });
    expect(posted()).toEqual(['provideToken', 'signOut']);
    void api.status();
    expect(posted()).toEqual(['status']);
  });

  test('T6 of which the last one counts are repeated in the page’s order', () => {
    const { api, posted } = connect();
    void api.pause();
    vi.advanceTimersByTime(2_500);
    void api.resume();
    posted();
    vi.advanceTimersByTime(1_000);
    expect(posted().slice(-2)).toEqual(['pause', 'resume']);
  });

  test('T6 say when they were made, and whether they’re repeated', () => {
    const { api, messages } = connect();
    const begin = Date.now();
    const calls = () => messages().map(({ path, made }) => [path?.[0], made!.at - begin, made!.again]);
    void api.provideToken('ann’s');
    vi.advanceTimersByTime(400);
    void api.signIn('ann');
    void api.signOut();
    expect(calls()).toEqual([['provideToken', 0, false], ['provideToken', 0, true], ['signIn', 400, false], ['provideToken', 0, true], ['signIn', 400, true], ['signOut', 400, false]]);
    vi.advanceTimersByTime(600);
    expect(calls()).toEqual([['provideToken', 0, true], ['signIn', 400, true], ['signOut', 400, true]]);
  });

  test('T6 aren’t posted again once they’re answered', async () => {
    const { api, posted, answer } = connect();
    const provided = api.provideToken('ann’s');
    answer();
    await expect(provided).resolves.toBe('stored');
    posted();
    void api.signOut();
    expect(posted()).toEqual(['signOut']);
  });

  test('T6 reach the worker although an earlier one couldn’t be posted', async () => {
    const { api, posted } = connect();
    await expect(api.provideToken((() => {}) as unknown as string)).rejects.toThrow();
    void api.signOut();
    expect(posted()).toEqual(['signOut']);
  });

  test('that fail in the worker fail in the page with the same class', async () => {
    const { api, refuse } = connect();
    const call = api.provideToken(7 as unknown as string);
    refuse(new ConfigError('token', 'number', 'it must be a string, or null'));
    await expect(call).rejects.toBeInstanceOf(ConfigError);
    await expect(call).rejects.toThrow('option "token"');
  });
});
