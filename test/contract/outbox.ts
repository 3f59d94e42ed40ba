import { newBackendRecord, type BackendRecord } from '../../sw/policy/backend-record.js';
import { describe, expect, test } from 'vitest';
import { transition } from '../../sw/policy/entry.js';
import { aboutEntry, turnOf, type EntryRecord } from '../../sw/policy/entry-record.js';
import type { Body, CaptureOrder, EtagChange } from '../../sw/ports.js';
import type { TestOutbox } from '../support/stored-outbox.js';
import { NO_LIMITS, record } from '../support/records.js';

type Order = Partial<CaptureOrder> & { entry?: Partial<EntryRecord> };

/** What every outbox must do. */
export function outboxContract(name: string, create: () => TestOutbox): void {
  const capture = (outbox: TestOutbox, { entry, ...order }: Order = {}) => {
    const { seq: _, ...draft } = record(entry);
    return outbox.capture({
      draft,
      body: null,
      limits: NO_LIMITS,
      whenWaiting: 'refuse',
      isInFlight: () => false,
      decide: (stored) => ({ entry: stored, events: [] }),
      ...order,
    });
  };
  const stored = async (outbox: TestOutbox, order?: Order): Promise<number> => {
    const result = await capture(outbox, order);
    if (result.kind !== 'stored') throw new Error('it was refused');
    return result.seq;
  };
  const bytes = (text: string) => new TextEncoder().encode(text).buffer;
  const text = (body: Body | null) => body && new Response(body).text();
  const seqs = (entries: EntryRecord[]) => entries.map((entry) => entry.seq);
  const remove = (outbox: TestOutbox, seq: number) => outbox.commit({ seq, decide: () => ({ entry: null, events: [] }) });

  describe(`outbox: ${name}`, () => {
    test('is empty at first', async () => {
      const outbox = create();
      expect(await outbox.start(1)).toEqual({ backends: [], settings: { paused: false }, beginnings: [] });
      expect(await outbox.heads()).toEqual([]);
      expect(await outbox.find('nobody')).toEqual([]);
    });

    test('R15 gives out its sequence in the order of capture, and never twice', async () => {
      const outbox = create();
      const first = await Promise.all(['a', 'b', 'c'].map((id) => stored(outbox, { entry: { id } })));
      expect(first).toEqual([...first].sort((a, b) => a - b));
      expect(new Set(first).size).toBe(3);
      for (const seq of first) await remove(outbox, seq);
      expect(await stored(outbox, { entry: { id: 'd' } })).toBeGreaterThan(first.at(-1)!);
    });

    test('R15 stores a new entry together with what is decided of it, and tells its place before that', async () => {
      const outbox = create();
      const placed: number[] = [];
      const result = await capture(outbox, {
        decide: (entry) => ({ entry: { ...entry, retries: 1, notBefore: 5 }, events: [{ ...aboutEntry(entry, 1), type: 'queued', reason: 'offline' }] }),
        placed: (seq) => placed.push(seq),
      });
      if (result.kind !== 'stored') throw new Error('it was refused');
      expect(placed).toEqual([result.seq]);
      expect(result.decision.entry).toMatchObject({ seq: result.seq, retries: 1, notBefore: 5 });
      expect(await outbox.list({ after: 0, limit: 10 })).toEqual([result.decision.entry]);
      expect(await outbox.journal()).toMatchObject([{ type: 'queued', seq: result.seq }]);
    });

    test('C4 keeps a body byte for byte, apart from its entry', async () => {
      const outbox = create();
      const body = new Uint8Array([0, 255, 13, 10, 0]).buffer;
      const seq = await stored(outbox, { body });
      expect(new Uint8Array((await outbox.load(seq))!.body as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 13, 10, 0]));
      expect(JSON.stringify(await outbox.list({ after: 0, limit: 10 }))).not.toContain('255');
      await remove(outbox, seq);
      expect(await outbox.load(seq)).toBeNull();
    });

    test('K3 the same task id on two base URLs, or in two namespaces, is two entries', async () => {
      const outbox = create();
      const one = await stored(outbox, { entry: { id: 'same' } });
      const two = await stored(outbox, { entry: { id: 'same', baseUrl: 'https://other.example' } });
      const three = await stored(outbox, { entry: { id: 'same', namespace: 'shop' } });
      expect(seqs(await outbox.find('same'))).toEqual([one, two, three]);
      await remove(outbox, two);
      expect(seqs(await outbox.find('same'))).toEqual([one, three]);
      expect(seqs(await outbox.find(record({ id: 'same', namespace: 'shop' }).key))).toEqual([three]);
      expect([seqs(await outbox.find(one)), await outbox.find(two)]).toEqual([[one], []]);
    });

    test('gives the first entries of each turn that it’s asked for', async () => {
      const outbox = create();
      const [one, other, two, three] = [await stored(outbox), await stored(outbox, { entry: { id: 'x', lane: 'other' } }), await stored(outbox, { entry: { id: 'b' } }), await stored(outbox, { entry: { id: 'c' } })];
      const turn = turnOf(record());
      const lots = async (count: number) => (await outbox.lots([turn, turnOf(record({ lane: 'other' })), turnOf(record({ lane: 'none' }))], count)).map(seqs);
      expect(await lots(2)).toEqual([[one, two], [other], []]);
      await remove(outbox, one);
      expect(await lots(5)).toEqual([[two, three], [other], []]);
      expect((await outbox.start(1)).beginnings.map((beginning) => beginning.seqs).sort()).toEqual([[other], [two]].sort());
    });

    test('K5 refuses a task id that waits, and overwrites nothing', async () => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { id: 'same' }, body: bytes('first') });
      const second = await capture(outbox, { entry: { id: 'same' }, body: bytes('second') });
      expect(second).toMatchObject({ kind: 'refused', waiting: { seq } });
      expect(await text((await outbox.load(seq))!.body)).toBe('first');
      expect(await outbox.list({ after: 0, limit: 10 })).toHaveLength(1);
    });

    test('K5 replaces a waiting entry in place, and keeps its turn', async () => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { id: 'same', lane: 'a' }, body: bytes('first') });
      const behind = await stored(outbox, { entry: { id: 'behind', lane: 'a' } });
      const replacing = { entry: { id: 'same', lane: 'b' }, body: bytes('second'), whenWaiting: 'replace' } as const;
      expect(await stored(outbox, replacing)).toBe(seq);
      expect(await text((await outbox.load(seq))!.body)).toBe('second');
      expect(await outbox.heads()).toMatchObject([{ seq, lane: 'a' }]);
      expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([seq, behind]);
    });

    test('K5 never replaces an entry in flight, and queues the new one behind it', async () => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { id: 'same' }, body: bytes('first') });
      const order = { entry: { id: 'same' }, body: bytes('second'), isInFlight: () => true };
      expect(await capture(outbox, order)).toMatchObject({ kind: 'refused' });
      const next = await stored(outbox, { ...order, whenWaiting: 'replace' });
      expect(next).toBeGreaterThan(seq);
      expect(await text((await outbox.load(seq))!.body)).toBe('first');
    });

    test.each<[string, Partial<EntryRecord>]>([
      ['a first send, whichever worker makes it, as it’s on the wire', { reason: 'first-send' }],
      ['what the server is still at', { reason: 'in-progress', inProgress: { since: 0, asks: 1 } }],
    ])('K5 never replaces %s', async (_, standing) => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { id: 'same', ...standing }, body: bytes('first') });
      const next = await stored(outbox, { entry: { id: 'same' }, body: bytes('second'), whenWaiting: 'replace' });
      expect(next).toBeGreaterThan(seq);
      expect(await text((await outbox.load(seq))!.body)).toBe('first');
    });

    test('K5 a user can’t replace another user’s entry', async () => {
      const outbox = create();
      await stored(outbox, { entry: { id: 'same', owner: 'ann', scheme: 'Bearer' } });
      const order = { entry: { id: 'same', owner: 'bob', scheme: 'Bearer' }, whenWaiting: 'replace' } as const;
      expect(await capture(outbox, order)).toMatchObject({ kind: 'refused', waiting: { owner: 'ann' } });
    });

    test('K5 a dead letter doesn’t keep its task id', async () => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { id: 'same' } });
      await outbox.commit({
        seq,
        decide: (entry) => transition(entry, { type: 'permanent', reason: 'permanent', answer: null, block: false }, 1),
      });
      expect(await capture(outbox, { entry: { id: 'same' } })).toMatchObject({ kind: 'stored' });
    });

    test('R15 shows the head of each lane, backend and credential', async () => {
      const outbox = create();
      const a = await stored(outbox, { entry: { id: 'a', lane: 'x' } });
      await stored(outbox, { entry: { id: 'b', lane: 'x' } });
      const c = await stored(outbox, { entry: { id: 'c', lane: 'y' } });
      const d = await stored(outbox, { entry: { id: 'd', lane: 'x', scheme: 'Bearer', owner: 'ann' } });
      const e = await stored(outbox, { entry: { id: 'e', lane: 'x', namespace: 'shop' } });
      expect(seqs(await outbox.heads()).sort()).toEqual([a, c, d, e]);
      await remove(outbox, a);
      expect(seqs(await outbox.heads())).toHaveLength(4);
      expect((await outbox.start(9)).beginnings).toContainEqual({ seqs: [c], turn: [record().backend, 'y', 'none'] });
    });

    test('takes a dead letter out of its line, and lists it', async () => {
      const outbox = create();
      const seq = await stored(outbox, {});
      await outbox.commit({
        seq,
        decide: (entry) => transition(entry, { type: 'permanent', reason: 'permanent', answer: null, block: false }, 1),
      });
      expect(await outbox.heads()).toEqual([]);
      expect(await outbox.list({ after: 0, limit: 10 })).toMatchObject([{ seq, state: 'dead' }]);
      expect((await outbox.overview([record().backend], () => false)).counts).toEqual([{ pending: 0, dead: 1, parked: 0 }]);
    });

    describe('M3 what provides a temporary id and what awaits it', () => {
      const pair = async (outbox: TestOutbox) => {
        const provider = await stored(outbox, { entry: { id: 'provider', provides: 'temp-1', owner: 'ann' } });
        const dependent = await stored(outbox, { entry: { id: 'dependent', awaits: [provider], lane: 'x', owner: 'ann' } });
        await stored(outbox, { entry: { id: 'other', lane: 'y' } });
        return { provider, dependent, step: (seq: number, input: Parameters<typeof transition>[1]) => outbox.commit({ seq, decide: (entry) => transition(entry, input, 5) }) };
      };
      const standings = async (outbox: TestOutbox) => (await outbox.list({ after: 0, limit: 9 })).map(({ id, state, reason, turn }) => `${id} ${state} ${reason} ${turn ? 'in line' : 'aside'}`);
      const answer = { status: 201, headers: {}, body: null, truncated: false };
      const dead = { type: 'permanent', reason: 'permanent', answer: null, block: false } as const;

      test('K5 M1 what takes a provider’s place provides the same, and what provides something else takes no place', async () => {
        const outbox = create();
        const { provider, dependent } = await pair(outbox);
        const replacing = (entry: Partial<EntryRecord>) => capture(outbox, { entry: { id: 'provider', owner: 'ann', ...entry }, whenWaiting: 'replace' });
        expect(await replacing({ requestId: 'second' })).toMatchObject({ seq: provider, replaced: true, decision: { entry: { provides: 'temp-1' } } });
        expect(await replacing({ requestId: 'third', provides: 'temp-2' })).toMatchObject({ replaced: false });
        expect(await replacing({ requestId: 'fourth', awaits: [dependent] })).not.toMatchObject({ seq: provider });
        expect(await outbox.providers()).toMatchObject([{ seq: provider, name: 'temp-1' }, { name: 'temp-2' }]);
      });

      test('M4 the id goes to the disk with the delivery, and is known at the next start', async () => {
        const outbox = create();
        const { provider, step } = await pair(outbox);
        expect(await outbox.providers()).toEqual([{ seq: provider, backend: record().backend, owner: 'ann', name: 'temp-1', real: null, state: 'pending' }]);
        await step(provider, { type: 'delivered', answer, real: { id: '7', isNumber: true } });
        expect(await outbox.providers()).toMatchObject([{ seq: provider, owner: 'ann', name: 'temp-1', real: { id: '7', isNumber: true }, state: 'answered' }]);
        expect((await outbox.journal()).map(({ type }) => type)).toEqual(['delivered', 'resolved']);
      });

      test('M3 what awaits a provider that is discarded becomes a dead letter along with that', async () => {
        const outbox = create();
        const { provider, dependent, step } = await pair(outbox);
        await step(provider, dead);
        await step(dependent, { type: 'set-aside', reason: 'provider-dead' });
        expect(await standings(outbox)).toEqual(['provider dead permanent aside', 'dependent pending provider-dead aside', 'other pending unreachable in line']);
        expect(seqs(await outbox.heads())).not.toContain(dependent);
        const decision = await step(provider, { type: 'discarded' });
        expect(decision?.followed).toMatchObject([{ entry: { id: 'dependent', state: 'dead', reason: 'provider-gone' }, events: [{ type: 'failed' }] }]);
        expect(await standings(outbox)).toEqual(['dependent dead provider-gone aside', 'other pending unreachable in line']);
        expect(await outbox.providers()).toEqual([]);
      });

      test('M3 what was set aside is in line again once its provider is retried, and once a page tells the id', async () => {
        const outbox = create();
        const { provider, dependent, step } = await pair(outbox);
        await step(provider, dead);
        await step(dependent, { type: 'set-aside', reason: 'provider-dead' });
        await step(provider, { type: 'retried' });
        expect((await standings(outbox))[1]).toBe('dependent pending awaits-id in line');
        await step(provider, { type: 'delivered', answer, real: null });
        await step(dependent, { type: 'set-aside', reason: 'no-id' });
        const given = { seq: provider, backend: record().backend, owner: 'ann', name: 'temp-1', real: { id: '7' }, at: 9 };
        const followed = await outbox.resolve(given, { input: { type: 'rejoined' }, at: 9 });
        expect(followed).toMatchObject([{ entry: { id: 'dependent' } }]);
        expect((await standings(outbox))[0]).toBe('dependent pending awaits-id in line');
        expect(await outbox.providers()).toMatchObject([{ real: { id: '7' } }]);
      });

      test('M4 an id is forgotten when it’s old and nothing awaits it', async () => {
        const outbox = create();
        const { provider, dependent, step } = await pair(outbox);
        await step(provider, { type: 'delivered', answer, real: { id: '7' } });
        await outbox.forgetIds(4, 20);
        await outbox.forgetIds(5, 20);
        expect(await outbox.providers()).toHaveLength(1);
        await remove(outbox, dependent);
        await outbox.forgetIds(19, 30);
        expect(await outbox.providers()).toHaveLength(1);
        await outbox.forgetIds(20, 30);
        expect(await outbox.providers()).toEqual([]);
      });

      test('A16 M4 a purge forgets the user’s ids, but for those that an entry awaits which stays', async () => {
        const outbox = create();
        const { provider, dependent, step } = await pair(outbox);
        await step(provider, { type: 'delivered', answer, real: { id: '7' } });
        const purge = (decide: (entry: EntryRecord) => ReturnType<typeof transition>) => outbox.sweep({ backend: newBackendRecord(record().backend), events: [], forget: 'ann', decide });
        await purge(() => null);
        expect(await outbox.providers()).toHaveLength(1);
        await purge((entry) => (entry.seq === dependent ? { entry: null, events: [] } : null));
        expect(await outbox.providers()).toEqual([]);
      });
    });

    test('V1 a decision may bring a new body, take it away, or leave it', async () => {
      const outbox = create();
      const seq = await stored(outbox, { entry: { bodySize: 3 }, body: bytes('old') });
      const change = (body: { body?: Body | null }, bodySize: number) =>
        outbox.commit({ seq, decide: (entry) => ({ entry: { ...entry, bodySize }, events: [] }), ...body });
      await change({}, 3);
      expect(await text((await outbox.load(seq))!.body)).toBe('old');
      await change({ body: bytes('newer') }, 5);
      expect(await text((await outbox.load(seq))!.body)).toBe('newer');
      // No decision, no change.
      await outbox.commit({ seq, decide: () => null, body: bytes('never') });
      expect(await text((await outbox.load(seq))!.body)).toBe('newer');
      // Its bytes count: two more fit, three don't.
      const limits = { maxEntries: 9, maxBytes: 7 };
      expect(await capture(outbox, { entry: { id: 'b', bodySize: 3 }, body: bytes('abc'), limits })).toMatchObject({ kind: 'full' });
      expect(await capture(outbox, { entry: { id: 'c', bodySize: 2 }, body: bytes('ab'), limits })).toMatchObject({ kind: 'stored' });
      await change({ body: null }, 0);
      expect((await outbox.load(seq))!.body).toBeNull();
    });

    test('lists by pages, in the order of capture', async () => {
      const outbox = create();
      const all: number[] = [];
      for (let id = 0; id < 7; id++) all.push(await stored(outbox, { entry: { id: `t${id}` } }));
      const first = await outbox.list({ after: 0, limit: 4 });
      const second = await outbox.list({ after: first.at(-1)!.seq, limit: 4 });
      expect(seqs([...first, ...second])).toEqual(all);
    });

    test('shows a decision the entry as it’s stored, and does nothing for a missing entry', async () => {
      const outbox = create();
      const seq = await stored(outbox, {});
      const bump = () => outbox.commit({ seq, decide: (entry) => ({ entry: { ...entry, sends: entry.sends + 1 }, events: [] }) });
      await Promise.all([bump(), bump(), bump()]);
      expect((await outbox.find('task-1'))[0]?.sends).toBe(3);
      await remove(outbox, seq);
      expect(await bump()).toBeNull();
      expect(await outbox.list({ after: 0, limit: 10 })).toEqual([]);
    });

    test('stores an entry although another write beside it fails', async () => {
      const outbox = create();
      const bad = capture(outbox, {
        entry: { id: 'bad' },
        decide: () => {
          throw new Error('no');
        },
      });
      const good = capture(outbox, { entry: { id: 'good' } });
      await expect(bad).rejects.toThrow('no');
      expect(await good).toMatchObject({ kind: 'stored' });
      expect((await outbox.find('good')).length).toBe(1);
    });

    test('V1 keeps the newest settlement under id and key, until it’s forgotten', async () => {
      const outbox = create();
      const settle = async (status: number, at: number) => {
        const seq = await stored(outbox, {});
        const answer = { status, headers: { a: 'b' }, body: bytes('ok'), truncated: false };
        await outbox.commit({ seq, decide: (entry) => transition(entry, { type: 'delivered', answer }, at) });
      };
      await settle(200, 10);
      await settle(201, 20);
      expect(await outbox.settlement('task-1')).toMatchObject({ status: 201, headers: { a: 'b' } });
      expect(await outbox.settlement(record().key)).toMatchObject({ status: 201, state: 'delivered' });
      const { seq } = (await outbox.settlement('task-1'))!;
      expect([(await outbox.settlement(seq))?.status, (await outbox.settlement(seq - 1))?.status, await outbox.settlement(seq + 1)]).toEqual([201, 200, null]);
      await outbox.forgetSettlements(20);
      expect(await outbox.settlement('task-1')).toBeNull();
    });

    test('V4 keeps the last 500 events, in order', async () => {
      const outbox = create();
      const events = Array.from({ length: 300 }, (_, at) => ({ type: 'online', at }) as const);
      await outbox.commit({ events });
      await outbox.commit({ events: events.map(({ type, at }) => ({ type, at: at + 300 })) });
      const kept = await outbox.journal();
      expect(kept).toHaveLength(500);
      expect(kept[0]?.at).toBe(100);
      expect(kept.at(-1)?.at).toBe(599);
    });

    describe('C10 limits', () => {
      const limits = { maxEntries: 2, maxBytes: 10 };
      const one = (outbox: TestOutbox, id: string, size: number, more: Order = {}) =>
        capture(outbox, { limits, body: new Uint8Array(size).buffer, ...more, entry: { id, bodySize: size, ...more.entry } });

      test('count entries, and an entry that’s removed makes room', async () => {
        const outbox = create();
        const first = await one(outbox, 'a', 1);
        await one(outbox, 'b', 1);
        expect(await one(outbox, 'c', 1)).toEqual({ kind: 'full', limit: 'maxEntries' });
        expect(await outbox.list({ after: 0, limit: 10 })).toHaveLength(2);
        await remove(outbox, (first as { seq: number }).seq);
        expect(await one(outbox, 'c', 1)).toMatchObject({ kind: 'stored' });
      });

      test('count bytes, in captures that come together too', async () => {
        const outbox = create();
        const kinds = (await Promise.all([one(outbox, 'a', 6), one(outbox, 'b', 5), one(outbox, 'c', 4)])).map(({ kind }) => kind);
        expect(kinds).toEqual(['stored', 'full', 'stored']);
      });

      test('count an entry and its replacement once', async () => {
        const outbox = create();
        await one(outbox, 'a', 4);
        await one(outbox, 'b', 6);
        expect(await one(outbox, 'a', 5, { whenWaiting: 'replace' })).toEqual({ kind: 'full', limit: 'maxBytes' });
        expect(await one(outbox, 'a', 1, { whenWaiting: 'replace' })).toMatchObject({ kind: 'stored' });
        expect(await one(outbox, 'b', 9, { whenWaiting: 'replace' })).toMatchObject({ kind: 'stored' });
      });

      test('are each backend’s own, and count dead letters', async () => {
        const outbox = create();
        const dead = await one(outbox, 'a', 1);
        await outbox.commit({
          seq: (dead as { seq: number }).seq,
          decide: (entry) => transition(entry, { type: 'permanent', reason: 'permanent', answer: null, block: false }, 1),
        });
        await one(outbox, 'b', 1);
        expect(await one(outbox, 'c', 1)).toMatchObject({ kind: 'full' });
        expect(await one(outbox, 'c', 1, { entry: { namespace: 'shop' } })).toMatchObject({ kind: 'stored' });
      });
    });

    test('D1 knows the entries and settlements whose page has no answer yet, until it has', async () => {
      const outbox = create();
      const asked = { worker: 'w', fingerprint: 'f' };
      await stored(outbox, { entry: { id: 'never' } });
      const first = await stored(outbox, { entry: { id: 'first', asked } });
      const second = await stored(outbox, { entry: { id: 'second', asked } });
      expect(await outbox.open()).toMatchObject({ entries: [{ seq: first, asked }, { seq: second, asked }], settlements: [] });
      const answer = { status: 200, headers: {}, body: null, truncated: false };
      await outbox.commit({ seq: first, decide: (entry) => transition(entry, { type: 'delivered', answer }, 100) });
      expect(await outbox.open()).toMatchObject({ entries: [{ seq: second }], settlements: [{ seq: first, asked }] });
      expect(await outbox.settlement('first')).not.toHaveProperty('asked');
      await outbox.handled([{ seq: first, requestId: 'of what it has replaced' }, { seq: second, requestId: 'likewise' }]);
      expect(await outbox.open()).toMatchObject({ entries: [{ seq: second }], settlements: [{ seq: first }] });
      await outbox.handled([{ seq: first }, { seq: second }, { seq: 99 }]);
      expect(await outbox.open()).toEqual({ entries: [], settlements: [] });
      expect(await outbox.find('second')).toMatchObject([{ seq: second, asked: null }]);
      expect(await outbox.settlement('first')).toMatchObject({ status: 200 });
    });

    test('E7 knows a replaced request whose page has no answer yet by its own id, until it has', async () => {
      const outbox = create();
      const asked = { worker: 'w', fingerprint: 'f' };
      const first = { id: 'draft', requestId: 'first', asked, agesFrom: 7 };
      const seq = await stored(outbox, { entry: first });
      const replace = (entry: Partial<EntryRecord>) => capture(outbox, { entry: { id: 'draft', asked: null, ...entry }, whenWaiting: 'replace' });
      await replace({ requestId: 'second', asked: { worker: 'w', fingerprint: 'g' } });
      expect((await outbox.open()).entries).toMatchObject([{ seq, requestId: 'second' }]);
      expect((await outbox.open()).settlements).toMatchObject([{ requestId: 'first', asked, at: 7 }]);
      await replace({ requestId: 'third' });
      await replace({ requestId: 'fourth' });
      const left = (await outbox.open()).settlements;
      expect(left.map(({ requestId }) => requestId).sort()).toEqual(['first', 'second']);
      expect(await outbox.settlement('draft')).toBeNull();
      await outbox.sweep({ backend: newBackendRecord(record().backend), events: [], decide: () => null, forget: null });
      const answer = { status: 200, headers: {}, body: null, truncated: false };
      await outbox.commit({ seq, decide: (entry) => transition(entry, { type: 'delivered', answer }, 100) });
      expect(await outbox.settlement('draft')).toMatchObject({ status: 200 });
      await outbox.handled([{ seq, requestId: 'first' }]);
      expect((await outbox.open()).settlements).toMatchObject([{ requestId: 'second' }]);
      await outbox.handled(left);
      expect(await outbox.open()).toEqual({ entries: [], settlements: [] });
      expect(await outbox.settlement('draft')).toMatchObject({ status: 200 });
    });

    describe('M5 coalesces', () => {
      const asked = (fingerprint: string) => ({ worker: 'w', fingerprint });
      const older = { id: 'older', requestId: '1', asked: asked('f'), agesFrom: 7 };
      const newer = { id: 'newer', requestId: '2', asked: asked('g') };
      /** Coalesces with the last entry of the lane; `body` null discards both. */
      const coalesce = (outbox: TestOutbox, body: ArrayBuffer | null, order: Order = {}, seen: (last: EntryRecord, body: Body | null) => void = () => {}) => {
        const { seq: _, ...draft } = record({ ...newer, ...order.entry, bodySize: body?.byteLength ?? 0 });
        return capture(outbox, {
          ...order,
          entry: { ...newer, ...order.entry },
          coalesce: (last, lastBody) => {
            seen(last, lastBody);
            return { decision: transition(last, { type: 'coalesced', newer: draft, merged: body && draft }, 50)!, body };
          },
        });
      };

      test('a new request with the last entry of its lane, whose id and place stay', async () => {
        const outbox = create();
        const first = await stored(outbox, { entry: { id: 'first' } });
        const seq = await stored(outbox, { entry: older, body: bytes('old') });
        const elsewhere = await stored(outbox, { entry: { id: 'elsewhere', lane: 'x' } });
        const bodies: unknown[] = [];
        const result = await coalesce(outbox, bytes('new'), {}, (last, body) => bodies.push(last.seq, text(body)));
        expect(result).toMatchObject({ kind: 'stored', seq, replaced: true, of: '1', decision: { entry: { id: 'older', requestId: '2' } } });
        expect(bodies[0]).toBe(seq);
        expect(await bodies[1]).toBe('old');
        // The worker goes by the decision, and writes it again as it is when the page has its answer.
        expect((result as { decision: unknown }).decision).toMatchObject({ entry: (await outbox.load(seq))!.entry });
        expect(await text((await outbox.load(seq))!.body)).toBe('new');
        expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([first, seq, elsewhere]);
        expect(await outbox.journal()).toMatchObject([{ type: 'coalesced', id: 'older' }]);
      });

      test('and finds the last one of whatever credential', async () => {
        const outbox = create();
        await stored(outbox, { entry: { ...older, scheme: 'Bearer', owner: 'zoe' } });
        const last = await stored(outbox, { entry: { id: 'last', requestId: '9', scheme: 'Bearer', owner: 'ann' } });
        await stored(outbox, { entry: { id: 'elsewhere', lane: 'x' } });
        const lasts: number[] = [];
        await coalesce(outbox, bytes('new'), {}, ({ seq }) => lasts.push(seq));
        expect(lasts).toEqual([last]);
      });

      test('nothing with an entry in flight, and nothing in an empty lane', async () => {
        const outbox = create();
        const seq = await stored(outbox, { entry: older });
        expect(await coalesce(outbox, bytes('new'), { isInFlight: (sent) => sent === seq })).toMatchObject({ kind: 'stored', replaced: false });
        expect(await coalesce(outbox, bytes('new'), { entry: { ...newer, id: 'other', lane: 'x' } })).toMatchObject({ kind: 'stored', replaced: false });
      });

      test('both away, and keeps that the newer one’s page has no answer yet', async () => {
        const outbox = create();
        const seq = await stored(outbox, { entry: older, body: bytes('x'.repeat(9_000)) });
        expect(await coalesce(outbox, null)).toMatchObject({ kind: 'gone', seq });
        expect(await outbox.list({ after: 0, limit: 10 })).toEqual([]);
        expect(await outbox.settlement('older')).toMatchObject({ state: 'cancelled' });
        const { settlements } = await outbox.open();
        expect(settlements).toHaveLength(2);
        expect(settlements).toContainEqual({ seq: '2', requestId: '2', asked: asked('g'), at: 0, forgotten: true, into: null });
        await outbox.handled(settlements);
        expect(await outbox.open()).toEqual({ entries: [], settlements: [] });
      });

      test('and keeps which entry answers the older one’s page', async () => {
        const outbox = create();
        const seq = await stored(outbox, { entry: older });
        await coalesce(outbox, bytes('new'));
        expect(await outbox.open()).toMatchObject({ entries: [{ seq, requestId: '2', asked: asked('g') }], settlements: [{ requestId: '1', asked: asked('f'), at: 7, into: seq }] });
      });

      test('with the size of what stays, and no entry more', async () => {
        const outbox = create();
        const limits = { maxEntries: 1, maxBytes: 4 };
        await stored(outbox, { entry: { ...older, bodySize: 3 }, body: bytes('old'), limits });
        expect(await coalesce(outbox, bytes('fives'), { limits })).toEqual({ kind: 'full', limit: 'maxBytes' });
        expect(await coalesce(outbox, bytes('four'), { limits })).toMatchObject({ kind: 'stored' });
        expect(await capture(outbox, { entry: { id: 'more' }, limits })).toEqual({ kind: 'full', limit: 'maxEntries' });
        await coalesce(outbox, null, { entry: { ...newer, requestId: '3' } });
        expect(await capture(outbox, { entry: { id: 'more', bodySize: 4 }, limits })).toMatchObject({ kind: 'stored' });
      });

      describe('a DELETE', () => {
        const request = (method: string, path = 'temp-1') => ({ ...record().request, method, url: `https://app.example/api/notes/${path}` });
        const patch = (provider: number, id: string, more: Partial<EntryRecord> = {}) => ({ id, requestId: id, awaits: [provider], request: request('PATCH'), ...more });
        /** A POST that provides an id, and an entry of another lane. */
        const made = async (outbox: TestOutbox) => {
          const post = await stored(outbox, { entry: { id: 'post', requestId: '1', provides: 'temp-1' } });
          return { post, elsewhere: await stored(outbox, { entry: { id: 'elsewhere', lane: 'x' } }) };
        };
        const remove = (provider: number): Order => ({ entry: { awaits: [provider], request: request('DELETE') } });

        test('with the POST of its thing, and all that changes just that away', async () => {
          const outbox = create();
          const { post, elsewhere } = await made(outbox);
          const large = bytes('x'.repeat(9_000));
          const changes = [await stored(outbox, { entry: patch(post, 'a', { bodySize: large.byteLength }), body: large }), await stored(outbox, { entry: patch(post, 'b', { request: request('PUT') }) })];
          const lasts: number[] = [];
          const result = await coalesce(outbox, null, remove(post), ({ seq }) => lasts.push(seq));
          expect(lasts).toEqual([post]);
          expect(result).toMatchObject({ kind: 'gone', seq: post, decision: { followed: [{ entry: null, settlement: { id: 'a', state: 'cancelled' } }, { entry: null, settlement: { id: 'b', state: 'cancelled' } }] } });
          expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([elsewhere]);
          expect((await outbox.load(changes[0]!))?.body).toBeUndefined();
          expect((await outbox.journal()).map(({ type }) => type).sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'coalesced', 'coalesced', 'coalesced']);
          const limits = { maxEntries: 2, maxBytes: 9_000 };
          expect(await capture(outbox, { entry: { id: 'more', bodySize: 9_000 }, limits })).toMatchObject({ kind: 'stored' });
        });

        test.each<[string, (post: number) => Partial<EntryRecord>]>([
          ['something else stands in the lane', () => ({})],
          ['something of another user stands in the lane', () => ({ scheme: 'Bearer', owner: 'zoe' })],
          ['something else names the thing', (post) => ({ lane: 'x', awaits: [post] })],
          ['another user changes the thing', (post) => patch(post, 'c', { scheme: 'Bearer', owner: 'zoe' })],
          ['it’s changed in another lane', (post) => patch(post, 'c', { lane: 'x' })],
          ['something is made of it', (post) => patch(post, 'c', { request: request('POST') })],
          ['something of its own is changed', (post) => patch(post, 'c', { request: request('PATCH', 'temp-1/tags') })],
        ])('nothing, where %s', async (_, other) => {
          for (const isLast of [true, false]) {
            const outbox = create();
            const { post } = await made(outbox);
            if (!isLast) await stored(outbox, { entry: { id: 'other', ...other(post) } });
            await stored(outbox, { entry: patch(post, 'a') });
            if (isLast) await stored(outbox, { entry: { id: 'other', ...other(post) } });
            expect(await coalesce(outbox, null, remove(post))).toMatchObject({ kind: 'stored', replaced: false });
            expect(await outbox.list({ after: 0, limit: 10 })).toHaveLength(5);
          }
        });

        test('nothing, where something would go out in the place of a POST whose thing is changed', async () => {
          const outbox = create();
          const { post } = await made(outbox);
          await stored(outbox, { entry: patch(post, 'a') });
          expect(await coalesce(outbox, bytes('x'), remove(post))).toMatchObject({ kind: 'stored', replaced: false });
        });
      });

      test('nothing while that is still to be told', async () => {
        const outbox = create();
        const seq = await stored(outbox, { entry: older });
        const answer = Promise.resolve();
        expect(await capture(outbox, { entry: newer, coalesce: () => answer })).toMatchObject({ kind: 'asked', answer, last: { seq } });
        expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([seq]);
      });
    });

    test('A16 D1 a sweep forgets the answer that a page still waits for, but not that the page waits', async () => {
      const outbox = create();
      const asked = { worker: 'w', fingerprint: 'f' };
      const answer = { status: 200, headers: { secret: 's' }, body: bytes('x'), truncated: false };
      const both = [await stored(outbox, { entry: { id: 'waits', asked } }), await stored(outbox, { entry: { id: 'doesn’t' } })];
      for (const seq of both) await outbox.commit({ seq, decide: (entry) => transition(entry, { type: 'delivered', answer }, 100) });
      await outbox.sweep({ backend: newBackendRecord(record().backend), events: [], decide: () => null, forget: null });
      expect((await outbox.open()).settlements).toMatchObject([{ seq: both[0], asked, state: 'cancelled', status: null, headers: {}, body: null }]);
      for (const id of ['waits', 'doesn’t']) expect(await outbox.settlement(id)).toBeNull();
      await outbox.handled([{ seq: both[0]! }]);
      expect((await outbox.open()).settlements).toEqual([]);
    });

    test('A16 a sweep decides on all of one backend’s entries, dead letters too, and writes the backend’s record with them', async () => {
      const outbox = create();
      const [keep, drop] = [await stored(outbox, { entry: { id: 'keep' } }), await stored(outbox, { entry: { id: 'drop' }, body: bytes('x') })];
      const dead = await stored(outbox, { entry: { id: 'dead', state: 'dead' } });
      const other = await stored(outbox, { entry: { id: 'drop', namespace: 'shop' } });
      const backend = { ...newBackendRecord(record().backend), throttledUntil: 7 };
      const event = { type: 'paused', at: 1 } as const;
      const decide = (entry: EntryRecord) => (entry.id === 'keep' ? null : { entry: null, events: [] });
      expect(await outbox.sweep({ backend, events: [event], decide, forget: null })).toHaveLength(2);
      expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([keep, other]);
      expect(await outbox.load(drop)).toBeNull();
      expect(await outbox.load(dead)).toBeNull();
      expect(await outbox.start(1)).toMatchObject({ backends: [backend] });
      expect(await outbox.journal()).toEqual([event]);
      expect((await outbox.overview([backend.key], () => false)).counts).toEqual([{ pending: 1, dead: 0, parked: 0 }]);
    });

    test('W10 counts the entries of parked turns apart', async () => {
      const outbox = create();
      for (const id of ['a', 'b']) await stored(outbox, { entry: { id, owner: 'ann', scheme: 'Bearer' } });
      for (const id of ['c', 'd', 'e']) await stored(outbox, { entry: { id, owner: 'bob', scheme: 'Bearer' } });
      const bobs = await outbox.overview([record().backend], ({ owner }) => owner === 'bob');
      expect(bobs.counts).toEqual([{ pending: 5, dead: 0, parked: 3 }]);
      expect(bobs.heads.map(({ owner }) => owner)).toEqual(['ann', 'bob']);
      expect((await outbox.overview([record().backend], () => true)).counts).toMatchObject([{ parked: 5 }]);
    });

    test('L4 counts what belongs to none of the given backends', async () => {
      const outbox = create();
      await stored(outbox, { entry: { id: 'a' } });
      for (const id of ['b', 'c']) await stored(outbox, { entry: { id, namespace: 'shop' } });
      await stored(outbox, { entry: { id: 'd', baseUrl: 'https://other.example', state: 'dead' } });
      const [mine, shop] = [record().backend, record({ namespace: 'shop' }).backend];
      const orphans = async (known: string[]) => (await outbox.overview(known, () => false)).orphans;
      expect(await orphans([mine, shop, 'another'])).toBe(1);
      expect(await orphans([mine])).toBe(3);
      expect(await orphans([])).toBe(4);
    });

    test('L4 makes a former backend’s entries, settlements and record another’s, in their order, and counts them there', async () => {
      const outbox = create();
      const [old, now] = [record({ baseUrl: 'https://app.example/v1' }), record({ baseUrl: 'https://app.example/v2' })];
      const from = { baseUrl: old.baseUrl };
      const [first, second] = [await stored(outbox, { entry: { ...from, id: 'first', lane: 'x' }, body: bytes('1'), backend: { ...newBackendRecord(old.backend), throttledUntil: 7 } }), await stored(outbox, { entry: { ...from, id: 'second', lane: 'x' } })];
      const dead = await stored(outbox, { entry: { ...from, id: 'dead', lane: 'x', state: 'dead' } });
      const other = await stored(outbox, { entry: { id: 'other', baseUrl: 'https://app.example/v10' } });
      const gone = await stored(outbox, { entry: { ...from, id: 'gone' } });
      await outbox.commit({ seq: gone, decide: (entry) => transition(entry, { type: 'delivered', answer: { status: 200, headers: {}, body: bytes('ok'), truncated: false } }, 100) });
      await outbox.takeOver(old.backend, { key: now.backend, baseUrl: now.baseUrl });
      await outbox.takeOver(old.backend, { key: now.backend, baseUrl: now.baseUrl });
      const moved = await outbox.find(record({ baseUrl: now.baseUrl, id: 'first' }).key);
      expect(moved).toMatchObject([{ seq: first, backend: now.backend, baseUrl: now.baseUrl, lane: 'x' }]);
      expect((await outbox.lots([moved[0]!.turn!], 2)).map(seqs)).toEqual([[first, second]]);
      expect(await text((await outbox.load(first))!.body)).toBe('1');
      expect(seqs(await outbox.heads()).sort()).toEqual([first, other].sort());
      expect(seqs(await outbox.find('dead'))).toEqual([dead]);
      expect(await outbox.overview([now.backend], () => false)).toMatchObject({ counts: [{ pending: 2, dead: 1, parked: 0 }], orphans: 1 });
      expect(await outbox.settlement(record({ baseUrl: now.baseUrl, id: 'gone' }).key)).toMatchObject({ seq: gone, status: 200 });
      expect((await outbox.start(1)).backends).toMatchObject([{ key: now.backend, throttledUntil: 7 }]);
      const full = { entry: { id: 'more', baseUrl: now.baseUrl }, limits: { maxEntries: 3, maxBytes: 1_000 } };
      expect(await capture(outbox, full)).toMatchObject({ kind: 'full' });
    });

    test('A16 a sweep forgets the backend’s journal, and the answers to the entries of one owner and of nobody', async () => {
      const outbox = create();
      const backend = newBackendRecord(record().backend);
      const answer = { status: 200, headers: {}, body: bytes('secret'), truncated: false };
      for (const [id, owner, namespace] of [['hers', 'ann', ''], ['his', 'bob', ''], ['whose', null, ''], ['elsewhere', 'ann', 'shop']] as const) {
        const seq = await stored(outbox, { entry: { id, owner, namespace } });
        await outbox.commit({ seq, decide: (entry) => transition(entry, { type: 'delivered', answer }, 100) });
      }
      expect(await outbox.settlement('hers')).not.toHaveProperty('owner');
      await outbox.sweep({ backend, events: [], decide: () => null, forget: 'ann' });
      const left = await Promise.all(['hers', 'his', 'whose', 'elsewhere'].map((id) => outbox.settlement(id)));
      expect(left.map((settlement) => settlement?.id)).toEqual([undefined, 'his', undefined, 'elsewhere']);
      expect((await outbox.journal()).map((event) => 'id' in event && event.id)).toEqual(['elsewhere']);
    });

    test('A16 the backend’s record with the higher epoch says who is signed in, and the last one written says the rest', async () => {
      const outbox = create();
      const backend = newBackendRecord(record().backend);
      const signedOut = { since: 1, user: 'ann', forgotten: null };
      await outbox.commit({ backend: { ...backend, epoch: 2, signedOut, sessionUser: null, last: null } });
      await outbox.commit({ backend: { ...backend, epoch: 1, sessionUser: 'ann', throttledUntil: 7 } });
      expect((await outbox.start(1)).backends).toMatchObject([{ epoch: 2, signedOut, sessionUser: null, throttledUntil: 7 }]);
      await outbox.commit({ backend: { ...backend, epoch: 3, signedOut: null, sessionUser: 'bob' } });
      expect((await outbox.start(1)).backends).toMatchObject([{ epoch: 3, signedOut: null, sessionUser: 'bob', throttledUntil: 0 }]);
    });

    test.each(['gates', 'sessionGates'] as const)('A10 of %s the one with the higher generation stays, so that a replaced worker’s late write doesn’t put an old hold over a release', async (kind) => {
      const outbox = create();
      const backend = newBackendRecord(record().backend);
      const held = (generation: number) => ({ generation, hold: { reason: 'auth-expired', since: 1, refused: 'old', told: true }, probing: false }) as const;
      const released = (generation: number) => ({ generation, hold: null, probing: true });
      await outbox.commit({ backend: { ...backend, [kind]: { ann: held(1), bob: held(1) } } });
      await outbox.commit({ backend: { ...backend, [kind]: { ann: released(2), bob: held(1) } } });
      await outbox.commit({ backend: { ...backend, [kind]: { ann: held(1), bob: released(2), constructor: held(0) }, throttledUntil: 7 } });
      expect((await outbox.start(1)).backends).toMatchObject([{ [kind]: { ann: released(2), bob: released(2), constructor: held(0) }, throttledUntil: 7 }]);
      await outbox.commit({ backend: { ...backend, [kind]: { ann: held(2) } } });
      expect((await outbox.start(1)).backends).toMatchObject([{ [kind]: { ann: held(2), bob: released(2) } }]);
    });

    test('A14 the newest answer about the server’s switches stays, though a record with an older answer or none is written later', async () => {
      const outbox = create();
      const backend = newBackendRecord(record().backend);
      const remote = (at: number, offlineMode: boolean) => ({ url: 'https://app.example/switches', at, autoRetry: true, offlineMode });
      await outbox.commit({ backend: { ...backend, remote: remote(2, false) } });
      await outbox.commit({ backend: { ...backend, remote: remote(1, true), throttledUntil: 7 } });
      await outbox.commit({ backend: { ...backend, throttledUntil: 8 } });
      expect((await outbox.start(1)).backends).toMatchObject([{ remote: remote(2, false), throttledUntil: 8 }]);
      await outbox.commit({ backend: { ...backend, remote: remote(3, true) } });
      expect((await outbox.start(1)).backends).toMatchObject([{ remote: remote(3, true), throttledUntil: 0 }]);
    });

    test('M7 keeps what a delivery says of versions, for its backend, until it’s taken back or swept', async () => {
      const outbox = create();
      const [backend, other] = [newBackendRecord('|https%3A%2F%2Fone'), newBackendRecord('|https%3A%2F%2Ftwo')];
      const note = (url: string) => ({ owner: 'ann', url, seq: 1, at: 5, etag: '"2"', stale: ['"1"'] });
      const change = (url: string) => ({ name: `["ann","${url}"]`, note: note(url) });
      const deliver = async (to: BackendRecord, ...etags: EtagChange[]) => outbox.commit({ seq: await stored(outbox), backend: to, etags, decide: () => ({ entry: null, events: [] }) });
      await deliver(backend, change('https://one/ä'), change('https://one/b'));
      await deliver(other, change('https://two/a'));
      await deliver(backend, { ...change('https://one/b'), note: null });
      expect(await outbox.etags(backend.key)).toEqual([note('https://one/ä')]);
      expect(await outbox.etags(other.key)).toEqual([note('https://two/a')]);
      await outbox.sweep({ backend, events: [], decide: () => null, forget: null });
      expect(await outbox.etags(backend.key)).toEqual([]);
      expect(await outbox.etags(other.key)).toEqual([note('https://two/a')]);
    });

    test('A16 M7 a delivery of an entry that a purge has taken leaves nothing of versions', async () => {
      const outbox = create();
      const backend = newBackendRecord(record().backend);
      const etags = [{ name: '["ann","https://one/a"]', note: { owner: 'ann', url: 'https://one/a', seq: 1, at: 5, etag: '"2"', stale: ['"1"'] } }];
      const decide = () => ({ entry: null, events: [] });
      const seq = await stored(outbox);
      const purge = outbox.sweep({ backend, events: [], decide, forget: 'ann' });
      expect(await outbox.commit({ seq, backend, etags, decide })).toBeNull();
      await purge;
      expect(await outbox.etags(backend.key)).toEqual([]);
    });

    test('A16 a sweep that fails has changed nothing', async () => {
      const outbox = create();
      const seq = await stored(outbox);
      const backend = { ...newBackendRecord(record().backend), throttledUntil: 7 };
      const decide = (): never => {
        throw new Error('no decision');
      };
      await expect(outbox.sweep({ backend, events: [], decide, forget: null })).rejects.toThrow('no decision');
      expect(seqs(await outbox.list({ after: 0, limit: 10 }))).toEqual([seq]);
      expect((await outbox.start(1)).backends).toEqual([]);
    });

    test('keeps the gates and the settings', async () => {
      const outbox = create();
      const backend = { ...newBackendRecord(record().backend), throttledUntil: 7 };
      await outbox.commit({ backend, settings: { paused: false, offlineMode: false } });
      await outbox.commit({ paused: true });
      expect(await outbox.start(1)).toMatchObject({ backends: [backend], settings: { paused: true, offlineMode: false } });
      await outbox.commit({ settings: { paused: true, offlineMode: true } });
      await outbox.commit({ paused: false });
      expect(await outbox.start(1)).toMatchObject({ backends: [backend], settings: { paused: false, offlineMode: true } });
    });
  });
}
