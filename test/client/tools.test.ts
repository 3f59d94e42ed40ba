import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { exportHar, VERSION } from '../../client/tools/har.js';
import { print } from '../../client/tools/print.js';
import { sendsOf } from '../../client/tools/sends.js';
import { createTrace } from '../../client/tools/trace.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { createHarness } from '../support/harness.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

describe('V1 exportHar', () => {
  const json = { 'Content-Type': 'application/json' };

  async function archive() {
    const { api, server, post, clock, goOffline } = createHarness({ backends: [{ baseUrl: '/api', lane: ({ url }) => url }] });
    server(() => new Response('{"later":true,"token":"t0"}', { status: 500, headers: { 'Set-Cookie': 'a=1', ...json } }));
    await post('{"password":"pw"}', { path: '/api/a?access_token=t1', token: JWT, headers: { 'Holdfast-Id': 'a', 'X-Api-Key': 'k', ...json } });
    await clock.advance(5_000);
    server(() => new Response('{"ok":true}', { status: 201, headers: { 'X-Session-Token': 't2', ...json } }));
    await clock.advance(60_000);
    server(() => new Response('{"error":"no"}', { status: 500 }));
    await post('b', { path: '/api/b', headers: { 'Holdfast-Id': 'b' } });
    server(() => new Response('{"error":"no"}', { status: 422, headers: json }));
    await clock.advance(60_000);
    goOffline();
    await post('c', { path: '/api/c', headers: { 'Holdfast-Id': 'c' } });
    return exportHar(api);
  }

  test('V1 has an entry for each send, and one for a request that was never sent', async () => {
    const { log } = await archive();
    expect(log.version).toBe('1.2');
    const told = log.entries.map(({ request, response, _holdfast }) => [new URL(request.url).pathname, response.status, _holdfast.send]);
    expect(told).toEqual([
      ['/api/a', 500, 1],
      ['/api/a', 500, 2],
      ['/api/a', 201, 3],
      ['/api/b', 500, 1],
      ['/api/b', 422, 2],
      ['/api/c', 0, 0],
    ]);
    expect(log.entries[2]!.response.content).toEqual({ size: 11, mimeType: 'application/json', text: '{\n  "ok": true\n}' });
    expect(log.entries[4]!.request.postData).toEqual({ mimeType: 'text/plain;charset=UTF-8', text: 'b' });
    expect(log.entries[5]).toMatchObject({ comment: 'not sent yet: offline', response: { _error: 'offline' } });
  });

  test('E5 says of a dead letter’s last send that it’s in doubt', async () => {
    const { log } = await archive();
    expect(log.entries.flatMap(({ _holdfast, comment = '' }) => (_holdfast.inDoubt ? [[_holdfast.send, comment]] : []))).toEqual([
      [2, 'in doubt: the server may have acted on a send of this'],
    ]);
  });

  test('V5 has no secret of a header, URL, body or answer in it', async () => {
    const written = JSON.stringify(await archive());
    for (const secret of ['t0', 't1', 't2', '"pw"', JWT, 'a=1', '"k"']) expect(written).not.toContain(secret);
  });

  test('V5 has no secret of an answer in it of which only the beginning was kept', async () => {
    const { api, server, post, clock } = createHarness();
    server(() => new Response(null, { status: 500 }));
    await post('a', { headers: { 'Holdfast-Id': 'a' } });
    const answer = `{"password":"s3cret","rest":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    server(() => new Response(answer, { status: 422, headers: { ...json, Location: '/b?token=s3cret' } }));
    await clock.advance(60_000);
    const { log } = await exportHar(api);
    expect(log.entries.at(-1)!.response.content.text).toContain('"password":"•••"');
    expect(JSON.stringify(log)).not.toContain('s3cret');
  });

  test('V1 has the fields and values that HAR 1.2 asks for', async () => {
    for (const entry of (await archive()).log.entries) {
      expect(new Date(entry.startedDateTime).toISOString()).toBe(entry.startedDateTime);
      const { blocked: _, dns: __, connect: ___, ssl: ____, ...parts } = entry.timings;
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(entry.time);
      expect(entry.request).toMatchObject({ method: 'POST', httpVersion: expect.any(String), cookies: [], headersSize: -1 });
      expect(entry.response).toMatchObject({ status: expect.any(Number), statusText: '', redirectURL: '', content: { mimeType: expect.any(String) } });
    }
  });

  test('V1 tells a dead letter from a newer entry under its id', async () => {
    const { api, server, post, clock } = createHarness();
    server(() => new Response(null, { status: 500 }));
    await post('old', { headers: { 'Holdfast-Id': 'a' } });
    server(() => new Response('{"error":"too old"}', { status: 422, headers: json }));
    await clock.advance(60_000);
    server(() => new Response(null, { status: 500 }));
    await post('new', { headers: { 'Holdfast-Id': 'a' } });
    const told = (await exportHar(api)).log.entries.map(({ request, response }) => [request.postData?.text, response.status, response.content.text]);
    expect(told).toEqual([['old', 500, undefined], ['old', 422, '{\n  "error": "too old"\n}'], ['new', 500, undefined]]);
  });

  test('names the version of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(VERSION).toBe(version);
  });
});

describe('the sends of an entry', () => {
  const sending = (at: number) => ({ type: 'sending', at }) as SyncEvent;
  const attempts = [20, 40, 90].map((at) => ({ at, status: null, reason: 'unreachable' as const }));

  test('begin with their own event, the first one without an event with its capture, and a later one without an event at its end', () => {
    const sends = sendsOf([sending(30), sending(35)], { attempts, capturedAt: 10 });
    expect(sends.map(({ at, end }) => [at, end])).toEqual([[10, 20], [35, 40], [90, 90]]);
  });

  test('don’t begin with the event of a later send, nor with that of an earlier one', () => {
    const sends = sendsOf([sending(15), sending(80)], { attempts, capturedAt: 10 });
    expect(sends.map(({ at, end }) => [at, end])).toEqual([[15, 20], [40, 40], [80, 90]]);
  });
});

describe('the trace', () => {
  const about = { key: '|x|a', seq: 1, id: 'a', baseUrl: 'https://x.example', namespace: '', lane: 'default', method: 'POST', url: 'https://x.example/notes?q' };
  const gate = { baseUrl: 'https://x.example', namespace: '', owner: null };

  function traced(events: (Pick<SyncEvent, 'type' | 'at'> & Record<string, unknown>)[]) {
    const measures: unknown[] = [];
    const timers: (() => void)[] = [];
    const hear = createTrace({
      performance: {
        timeOrigin: 1000,
        measure: (name: string, { start, end, detail }: PerformanceMeasureOptions) => {
          measures.push([name, start, end, (detail as { devtools: { track: string; color: string } }).devtools.color]);
          expect(detail).toMatchObject({ devtools: { dataType: 'track-entry', track: 'Holdfast' } });
          return {} as PerformanceMeasure;
        },
      },
      after: (_ms, task) => {
        timers.push(task);
        return () => void timers.splice(timers.indexOf(task), 1);
      },
    });
    for (const event of events) hear(event as unknown as SyncEvent);
    for (const task of timers.slice()) task();
    return measures;
  }

  test('has each attempt, coloured by its outcome, and the drain around them', () => {
    expect(
      traced([
        { ...about, type: 'sending', at: 1010, send: 1 },
        { ...about, type: 'retrying', at: 1030, reason: 'server-error' },
        { ...about, type: 'sending', at: 1040, send: 2 },
        { ...about, seq: 2, type: 'sending', at: 1041, send: 1 },
        { ...about, type: 'delivered', at: 1050, status: 201 },
        { ...about, seq: 2, type: 'failed', at: 1060, reason: 'permanent' },
      ]),
    ).toEqual([
      ['POST /notes', 10, 30, 'warning'],
      ['POST /notes', 40, 50, 'primary'],
      ['POST /notes', 41, 60, 'error'],
      ['Drain of 3', 10, 60, 'secondary'],
    ]);
  });

  test('has each hold, and the attempt that was refused', () => {
    expect(
      traced([
        { ...about, type: 'sending', at: 900, send: 1 },
        { ...gate, type: 'held', at: 1010, reason: 'auth-expired', id: 'a' },
        { ...gate, type: 'released', at: 1500, generation: 1 },
        { ...gate, type: 'released', at: 1600, generation: 2 },
      ]),
    ).toEqual([
      ['POST /notes', 0, 10, 'warning'],
      ['Hold: auth-expired', 10, 500, 'error'],
      ['Drain of 1', 0, 10, 'secondary'],
    ]);
  });
});

describe('the console', () => {
  test('prints a row for each entry, backend and event, and gives back the value that it was given', async () => {
    const { api, server, post } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'a' } });
    const rows: Record<string, unknown>[][] = [];
    const console = { table: (data: Record<string, unknown>[]) => void rows.push(data) };
    const entries = await api.entries();
    expect(print('entries', entries, console)).toBe(entries);
    print('status', await api.status(), console);
    print('journal', await api.journal(), console);
    expect(rows[0]).toMatchObject([{ id: 'a', state: 'pending', reason: 'unreachable', method: 'POST', sends: 1 }]);
    expect(rows[1]).toMatchObject([{ baseUrl: 'https://app.example/api', waiting: 1, circuit: 'open', held: '' }]);
    expect(rows[2]!.map(({ type }) => type)).toEqual(['queued', 'retrying']);
  });
});
