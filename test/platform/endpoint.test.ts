import { expect, test } from 'vitest';
import { serve } from '../../sw/platform/endpoint.js';
import type { SyncApi } from '../../sw/protocol/api.js';

/** A worker's end of the calls, with a page that sends messages and keeps the answers. */
function createEnd() {
  const saved: string[] = [];
  const answers: unknown[] = [];
  const work: Promise<unknown>[] = [];
  const api = { saveCheckpoint: async (_key: string, value: string) => void saved.push(value) } as unknown as SyncApi;
  const answer = serve(api, async () => {});
  const send = (id: string, value: string) =>
    answer({
      data: { id, type: 'APPLY', path: ['saveCheckpoint'], argumentList: [{ type: 'RAW', value: 'key' }, { type: 'RAW', value }], holdfast: 1 },
      source: { postMessage: (message: unknown) => answers.push((message as { id: string }).id) },
      waitUntil: (one: Promise<unknown>) => void work.push(one),
    } as unknown as ExtendableMessageEvent);
  return { saved, answers, send, settled: () => Promise.all(work) };
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
