import { afterEach, expect, test, vi } from 'vitest';
import { connect } from '../../client/connect.js';
import type { SyncClient } from '../../client/sync-client.js';
import type { CallMessage } from '../../sw/protocol/comlink.js';
import { VERSION } from '../../sw/protocol/version.js';

const status = { version: VERSION, backends: [], sending: 0, online: true, paused: false, nextAttemptAt: null };
let client: SyncClient | undefined;

/** A page whose worker answers each call. Gives the names of the calls that it was posted. */
function page(): string[] {
  const posted: string[] = [];
  const container = Object.assign(new EventTarget(), { startMessages: () => {}, controller: {}, getRegistration: async () => registration });
  const registration = {
    scope: 'https://app.example/',
    active: {
      state: 'activated',
      postMessage({ id, path }: CallMessage) {
        posted.push(String(path));
        queueMicrotask(() => container.dispatchEvent(new MessageEvent('message', { data: { id, type: 'RAW', value: status } })));
      },
    },
  };
  const target = new EventTarget();
  vi.stubGlobal('navigator', { serviceWorker: container, onLine: true });
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('location', new URL('https://app.example/'));
  vi.stubGlobal('origin', 'https://app.example');
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('BroadcastChannel', class extends EventTarget { close() {} });
  return posted;
}

afterEach(() => {
  client?.close();
  vi.unstubAllGlobals();
});

test('A15 a user who is signed in right after `await connect()` is known to the worker before the first wake-up', async () => {
  const posted = page();
  client = await connect();
  void client.signIn('ann');
  await vi.waitUntil(() => posted.includes('wake'));
  expect(posted.filter((name) => name !== 'status')).toEqual(['signIn', 'wake']);
});

test('T6 a page that connects wakes the worker, whatever its app does', async () => {
  const posted = page();
  client = await connect();
  await vi.waitUntil(() => posted.includes('wake'));
});
