import { readdir, readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { classify } from '../../sw/policy/classify.js';
import { exponentialBackoff, fullJitter } from '../../sw/policy/backoff.js';
import type { BackendOptions } from '../../sw/options.js';
import { coalesceWrites } from '../../sw/policy/coalesce.js';
import { codeUnder } from '../support/docs.js';
import { createHarness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

/** The first block of code of a page of the docs. */
async function codeOf(page: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const code = text.split('```js\n')[1]?.split('```')[0];
  if (code === undefined) throw new Error(`there's no code in ${page}`);
  return code;
}

/** A switch of the user's, as the gate in docs/policies.md has it. */
function createSwitch(value: boolean) {
  let tell = () => {};
  const one = {
    value,
    changed: (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        tell = resolve;
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    turn(to: boolean) {
      one.value = to;
      tell();
    },
  };
  return one;
}

describe('the policies that the docs show', async () => {
  const code = await codeOf('policies.md');
  const make = (userWantsSync: object): BackendOptions =>
    new Function('holdfast', 'userWantsSync', `${code}; return backend;`)({ classify, exponentialBackoff, fullJitter }, userWantsSync) as BackendOptions;
  const sends = (log: string[]) => log.filter((line) => line.includes('send '));

  test('have a retry with three tries, ten seconds apart', async () => {
    const { post, server, clock, log, api } = createHarness({ backends: [make(createSwitch(true))] });
    server(() => new Response(null, { status: 503 }));
    await post('a');
    await clock.advance(600_000);
    expect(sends(log)).toEqual(['0 send a', '10000 send a', '20000 send a']);
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'retries-exhausted' }]);
  });

  test('have a classify that takes a 409 for a delivery, and tries a 423 again', async () => {
    const { post, server, clock, log, api } = createHarness({ backends: [make(createSwitch(true))] });
    server((_request, count) => new Response(null, { status: count === 0 ? 423 : 409 }));
    expect((await post('a')).status).toBe(202);
    await clock.advance(10_000);
    expect(log.at(-1)).toContain('delivered');
    expect(await api.entries()).toEqual([]);
  });

  test('have a gate that lets nothing out until the user says so', async () => {
    const wants = createSwitch(false);
    const { post, server, clock, log } = createHarness({ backends: [make(wants)] });
    server(() => new Response(null, { status: 503 }));
    await post('a');
    server(() => new Response(null, { status: 201 }));
    await clock.advance(600_000);
    expect(sends(log)).toHaveLength(1);
    wants.turn(true);
    await settle();
    await clock.advance(10_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test('have a beforeSend that sends to where the API has moved', async () => {
    const seen: string[] = [];
    const { post, server, clock } = createHarness({ backends: [make(createSwitch(true))] });
    server(async (request, count) => {
      seen.push(`${new URL(request.url).pathname} ${await request.clone().text()}`);
      return new Response(null, { status: count === 0 ? 503 : 201 });
    });
    await post('a', { path: '/api/v1/notes' });
    await clock.advance(10_000);
    expect(seen).toEqual(['/api/v1/notes a', '/api/v2/notes a']);
  });
});

describe('links', async () => {
  const root = new URL('../../', import.meta.url);
  const pages = ['README.md', 'CONTRIBUTING.md', 'test/herd/README.md', 'test/bench/README.md'];
  for (const name of await readdir(new URL('docs/', root))) pages.push(`docs/${name}`);
  const anchorOf = (heading: string) => heading.toLowerCase().replace(/[^\w\s-]/g, '').trim().replaceAll(' ', '-');

  test.each(pages)('of %s lead to a file, and to a heading of it', async (page) => {
    const text = await readFile(new URL(page, root), 'utf8');
    for (const [, link] of text.matchAll(/(?:\]\(|(?:src|href)=")(?!\w+:|\/)([^)"\s]+)/g)) {
      const target = new URL(link!, new URL(page, root));
      const anchor = target.hash.slice(1);
      target.hash = '';
      expect((await stat(target).catch(() => null)) !== null, link).toBe(true);
      if (!anchor) continue;
      const headings = [...(await readFile(target, 'utf8')).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
      expect(headings, link).toContain(anchor);
    }
  });
});

describe('the functions that the docs show for what is made offline', () => {
  const JSON_BODY = { 'Content-Type': 'application/json' };

  /** A worker that was offline, with what its server is sent. */
  function offline(backend: Omit<BackendOptions, 'baseUrl'>, answer: (request: Request) => Response = () => Response.json({ id: 7 })) {
    const harness = createHarness({ backends: [{ baseUrl: '/api', ...backend }] });
    const asked: string[] = [];
    harness.server(async (request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname} ${await request.clone().text()}`.trim());
      return answer(request);
    });
    harness.goOffline();
    const online = async () => {
      harness.goOnline();
      await harness.api.wake('online');
      await harness.clock.advance(60_000);
    };
    return { ...harness, asked, online };
  }

  test('M5 a coalesce that folds a PATCH of a new thing into its POST, and leaves the rest to the default rule', async () => {
    const code = (await codeUnder('made-offline.md', 'Fewer writes: twenty saves of a draft')).find((block) => block.startsWith('coalesce:'))!;
    const options = new Function('holdfast', `return {${code}}`)({ coalesceWrites }) as Pick<BackendOptions, 'coalesce'>;
    const { fetch, asked, online } = offline(options);
    await fetch('/api/notes', { method: 'POST', body: '{"title":"Milk"}', headers: { ...JSON_BODY, 'Holdfast-Provides': 'temp-1' } });
    await fetch('/api/notes/temp-1', { method: 'PATCH', body: '{"done":true}', headers: JSON_BODY });
    await fetch('/api/notes/temp-1', { method: 'PATCH', body: '{"title":"Oat milk"}', headers: JSON_BODY });
    await fetch('/api/lists/1', { method: 'PUT', body: '[]', headers: JSON_BODY });
    await fetch('/api/lists/1', { method: 'PUT', body: '["temp-1"]', headers: JSON_BODY });
    await online();
    expect(asked).toEqual(['POST /api/notes {"title":"Oat milk","done":true}', 'PUT /api/lists/1 [7]']);
  });

  test.each<[string, object, string[]]>([
    ['goes again with the newer version, and everybody’s tags', { version: 5, tags: ['b', 'c'] }, ['{"text":"mine","tags":["a","b"],"version":4}', '{"text":"mine","tags":["b","c","a"],"version":5}']],
    ['is given up where the other is deleted', { deleted: true }, ['{"text":"mine","tags":["a","b"],"version":4}']],
  ])('M6 an onConflict by which a write %s', async (_, theirs, expected) => {
    const [, code] = await codeUnder('made-offline.md', 'When the server has a newer version');
    const onConflict = new Function(`${code!}; return onConflict;`)() as NonNullable<BackendOptions['onConflict']>;
    let conflicts = 1;
    const { fetch, asked, online, api, events } = offline({ onConflict }, () => (conflicts-- > 0 ? Response.json(theirs, { status: 409 }) : new Response(null, { status: 204 })));
    await fetch('/api/notes/1', { method: 'PUT', body: expected[0]!, headers: JSON_BODY });
    await online();
    expect(asked).toEqual(expected.map((body) => `PUT /api/notes/1 ${body}`));
    expect(await api.entries()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: expected.length > 1 ? 'delivered' : 'cancelled' });
  });
});
