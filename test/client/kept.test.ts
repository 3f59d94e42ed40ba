import { describe, expect, test } from 'vitest';
import { isKept } from '../../client/kept.js';
import { SyncClient } from '../../client/sync-client.js';
import type { Settlement, SyncApi } from '../../sw/protocol/api.js';
import { createHarness } from '../support/harness.js';

describe('W9 isKept()', () => {
  test('W9 tells the worker’s 202 from a server’s, and from the worker’s refusal', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 202 }));
    expect(isKept(await harness.post('a'))).toBe(false);
    harness.goOffline();
    const kept = await harness.post('b', { headers: { 'Holdfast-Id': 'b' } });
    if (!isKept(kept)) throw new Error('it is kept');
    const { queued, id, state } = await kept.json();
    expect([queued, id, state]).toEqual([true, 'b', 'pending']);
    const refused = await harness.post('c', { headers: { 'Holdfast-Id': 'b' } });
    expect([refused.status, isKept(refused)]).toEqual([409, false]);
  });
});

describe('W9 settlement.json()', () => {
  const settled = (answer: Partial<Settlement>) => {
    const end = new AbortController();
    const api = { settled: async () => ({ id: 'a', state: 'delivered', status: 201, body: null, truncated: false, ...answer }) } as unknown as SyncApi;
    const client = new SyncClient(api, end, 'holdfast-test', { hear() {}, signedOut() {} });
    return client.settled('a').finally(() => client.close());
  };
  const bytes = (text: string) => new TextEncoder().encode(text).buffer;

  test('W9 gives the answer’s body, and null where there was none', async () => {
    expect((await settled({ body: bytes('{"title":"é"}') })).json<{ title: string }>().title).toBe('é');
    expect((await settled({})).json()).toBeNull();
  });

  test('W9 throws for a body that isn’t JSON, or isn’t whole', async () => {
    const cut = await settled({ body: bytes('{"title":"lo'), truncated: true });
    expect(() => cut.json()).toThrow(SyntaxError);
  });

  test('W9 leaves the settlement plain data, which can be cloned', async () => {
    expect(structuredClone(await settled({}))).toEqual({ id: 'a', state: 'delivered', status: 201, body: null, truncated: false });
  });
});
