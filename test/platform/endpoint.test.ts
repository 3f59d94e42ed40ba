import { expect, test } from 'vitest';
import { serve } from '../../sw/platform/endpoint.js';
import type { SyncApi } from '../../sw/protocol/api.js';

/** A worker's end of the calls, with a page that sends messages and keeps the answers. */
function createEnd() {
  const saved: string[] = [];
  const answers: unknown[] = [];
  const work: Promise<unknown>[] = [];
  const worker = { isReplaced: false };
  const saveCheckpoint = async (_key: string, value: string) => {
    if (value === '') throw new Error('it can’t be saved');
    saved.push(value);
  };
  const answer = serve(() => ({ saveCheckpoint }) as unknown as SyncApi, async () => {}, () => worker.isReplaced);
  const send = (id: string, value: string, mark: object = { holdfast: 1 }) =>
    answer({
      data: { id, type: 'APPLY', path: ['saveCheckpoint'], argumentList: [{ type: 'RAW', value: 'key' }, { type: 'RAW', value }], ...mark },
      source: { postMessage: (message: unknown) => answers.push((message as { id: string }).id) },
      waitUntil: (one: Promise<unknown>) => void work.push(one),
    } as unknown as ExtendableMessageEvent);
  return { saved, answers, worker, send, settled: () => Promise.all(work) };
}

test('T6 a call whose repeat comes after its answer is carried out once', async () => {
  const { saved, answers, send, settled } = createEnd();
  send('call 1', 'seventeen');
  await settled();
  send('call 2', 'eighteen');
  send('call 1', 'seventeen');
  await settled();
  expect(saved).toEqual(['seventeen', 'eighteen']);
  expect(answers).toEqual(['call 1', 'call 2']);
});

test('L8 a call that isn’t marked as Holdfast’s is the app’s own, whatever its name', async () => {
  const { saved, answers, send, settled } = createEnd();
  expect(send('call 1', 'theirs', {})).toBe(false);
  expect(send('call 2', 'ours')).toBe(true);
  await settled();
  expect([saved, answers]).toEqual([['ours'], ['call 2']]);
});

test('T5 L8 a token may come without the mark, from a page that has nothing but Comlink', async () => {
  const taken: unknown[] = [];
  const answer = serve(() => ({ provideToken: async (token: string) => taken.push(token) }) as unknown as SyncApi, async () => {}, () => false);
  const call = { id: '1', type: 'APPLY', path: ['provideToken'], argumentList: [{ type: 'RAW', value: 'fresh' }] };
  expect(answer({ data: call, source: { postMessage: () => {} }, waitUntil: () => {} } as unknown as ExtendableMessageEvent)).toBe(true);
  expect(taken).toEqual(['fresh']);
});

test('T6 a worker that an update has replaced answers what it has carried out, and leaves what it hasn’t to the new worker', async () => {
  const { answers, worker, send, settled } = createEnd();
  send('failed before', '');
  await settled();
  worker.isReplaced = true;
  send('carried out', 'seventeen');
  send('failed', '');
  await settled();
  expect(answers).toEqual(['failed before', 'carried out']);
});

test('T6 a call that says who is signed in is left to the new worker, even where the replaced worker has carried it out', async () => {
  const calls: string[] = [];
  const answers: string[] = [];
  const work: Promise<unknown>[] = [];
  const worker = { isReplaced: true };
  const api = Object.fromEntries(['provideToken', 'signIn', 'renew', 'signOut', 'cancel'].map((name) => [name, async () => calls.push(name)]));
  const answer = serve(() => api as unknown as SyncApi, async () => {}, () => worker.isReplaced);
  const send = (name: string, mark: object) =>
    answer({
      data: { id: `${name} ${worker.isReplaced}`, type: 'APPLY', path: [name], argumentList: [], ...mark },
      source: { postMessage: ({ id }: { id: string }) => void answers.push(id) },
      waitUntil: (one: Promise<unknown>) => void work.push(one),
    } as unknown as ExtendableMessageEvent);
  for (const name of Object.keys(api)) send(name, { holdfast: 1 });
  await Promise.all(work);
  expect([calls, answers.splice(0)]).toEqual([Object.keys(api), ['cancel true']]);
  worker.isReplaced = false;
  for (const name of Object.keys(api)) send(name, { holdfast: 1 });
  await Promise.all(work);
  expect(answers).toEqual(Object.keys(api).map((name) => `${name} false`));
});

test('T5 L8 a page that has nothing but Comlink asks no second worker, so a replaced worker answers it', async () => {
  const answers: unknown[] = [];
  const work: Promise<unknown>[] = [];
  const provideToken = async (token: string) => {
    if (token === '') throw new Error('it can’t be stored');
    return 'stored';
  };
  const answer = serve(() => ({ provideToken }) as unknown as SyncApi, async () => {}, () => true);
  for (const [id, value] of [['1', 'fresh'], ['2', '']])
    answer({
      data: { id, type: 'APPLY', path: ['provideToken'], argumentList: [{ type: 'RAW', value }] },
      source: { postMessage: (said: { id: string; type: string }) => void answers.push([said.id, said.type]) },
      waitUntil: (one: Promise<unknown>) => void work.push(one),
    } as unknown as ExtendableMessageEvent);
  await Promise.all(work);
  expect(answers).toEqual([['1', 'RAW'], ['2', 'HANDLER']]);
});
