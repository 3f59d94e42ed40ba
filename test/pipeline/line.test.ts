import { describe, expect, test } from 'vitest';
import { Line } from '../../sw/pipeline/line.js';
import { turnOf, type EntryRecord } from '../../sw/policy/entry-record.js';
import { record } from '../support/records.js';

const entryOf = (seq: number, lane = 'a', changes: Partial<EntryRecord> = {}): EntryRecord => {
  const entry = { ...record({ lane }), id: `e${seq}`, seq, requestId: `r${seq}`, ...changes };
  return { ...entry, turn: turnOf(entry) };
};
const turn = (lane: string) => turnOf(record({ lane }));
const seqs = (entries: EntryRecord[] | null) => entries?.map(({ seq }) => seq) ?? null;

/** A line that has been read whole. */
async function read(...beginnings: { lane: string; entries: EntryRecord[]; isWhole?: boolean }[]): Promise<Line> {
  const line = new Line();
  await line.readAll(async () => beginnings.map(({ lane, entries, isWhole = true }) => ({ turn: turn(lane), entries, isWhole })));
  return line;
}

describe('the line', () => {
  test('has no heads before it was read', () => {
    const line = new Line();
    line.added(entryOf(1));
    expect([line.heads(), line.unread(), line.entry(1)]).toEqual([null, null, null]);
  });

  test('has the first entry of each turn, and that of a new one', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1), entryOf(3)] });
    line.added(entryOf(4, 'b'));
    expect(seqs(line.heads())).toEqual([1, 4]);
  });

  test('goes on to the next entry of a turn when the first has gone', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1), entryOf(3)] });
    line.changed(1, null);
    expect(seqs(line.heads())).toEqual([3]);
    line.changed(3, null);
    expect(seqs(line.heads())).toEqual([]);
  });

  test('must be read where what was read ahead is used up, and more stands behind it', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1)], isWhole: false });
    line.changed(1, null);
    expect([line.heads(), line.unread()]).toEqual([null, [turn('a')]]);
    await line.readSome(async () => [{ turn: turn('a'), entries: [entryOf(2)], isWhole: true }]);
    expect(seqs(line.heads())).toEqual([2]);
  });

  test('must be read for a new entry behind those that were read ahead', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1)] });
    line.added(entryOf(2));
    line.changed(1, null);
    expect(line.unread()).toEqual([turn('a')]);
  });

  test('must be read for an entry that two writes have changed at one time, as either may be the later one', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1), entryOf(3)] });
    const ends = [line.writing(1), line.writing(1)];
    line.changed(1, entryOf(1, 'a', { requestId: 'newer' }));
    ends[0]!();
    line.changed(1, entryOf(1, 'a', { requestId: 'older' }));
    ends[1]!();
    expect([line.heads(), line.unread(), line.entry(1)]).toEqual([null, [turn('a')], null]);
  });

  test('doesn’t know the entry of an unhandled fetch event that two writes have changed at one time', async () => {
    const line = await read();
    const asked = { worker: 'w', fingerprint: 'f' };
    const ends = [line.writing(1), line.writing(1)];
    for (const requestId of ['newer', 'older']) {
      line.changed(1, entryOf(1, 'a', { requestId, asked }));
      ends.pop()!();
    }
    expect(line.unhandled({ seq: 1, requestId: 'older' })).toBeNull();
    expect(line.unread()).toEqual([turn('a')]);
  });

  test('puts a dead letter that’s tried again in its place', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(5), entryOf(7)] });
    line.changed(3, entryOf(3));
    expect(seqs(line.heads())).toEqual([3]);
    line.changed(6, entryOf(6));
    line.changed(3, null);
    line.changed(5, null);
    expect(seqs(line.heads())).toEqual([6]);
  });

  test('keeps nothing behind a head that waits for a time', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1), entryOf(2)] });
    line.changed(1, entryOf(1, 'a', { notBefore: 9 }));
    expect(line.heads()).toMatchObject([{ seq: 1, notBefore: 9 }]);
    expect(line.entry(2)).toBeNull();
    line.changed(1, null);
    expect(line.unread()).toEqual([turn('a')]);
  });

  test('takes an entry out of the line when it’s a dead letter', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1), entryOf(2)] });
    const { turn: _, ...dead } = entryOf(1, 'a', { state: 'dead' });
    line.changed(1, dead);
    expect(seqs(line.heads())).toEqual([2]);
  });

  test('doesn’t know an entry while a write for it is under way', async () => {
    const line = await read({ lane: 'a', entries: [entryOf(1)] });
    const [one, two] = [line.writing(1), line.writing(1)];
    expect(line.entry(1)).toBeNull();
    one();
    expect(line.entry(1)).toBeNull();
    two();
    expect(line.entry(1)).toMatchObject({ seq: 1 });
  });

  test('doesn’t know a turn that has changed while it was read', async () => {
    const line = await read({ lane: 'a', entries: [], isWhole: false });
    await line.readSome(async () => {
      line.changed(1, null);
      line.changed(2, entryOf(2));
      return [{ turn: turn('a'), entries: [entryOf(1), entryOf(2)], isWhole: true }];
    });
    expect(line.unread()).toEqual([turn('a')]);
  });

  test('knows a turn that has become longer while it was read, but for its end', async () => {
    const line = await read({ lane: 'a', entries: [], isWhole: false });
    await line.readSome(async () => {
      line.added(entryOf(9));
      return [{ turn: turn('a'), entries: [entryOf(1)], isWhole: true }];
    });
    expect(seqs(line.heads())).toEqual([1]);
    line.changed(1, null);
    expect(line.unread()).toEqual([turn('a')]);
  });

  test('must read a turn that has come up while all were read', async () => {
    const line = new Line();
    await line.readAll(async () => {
      line.added(entryOf(1, 'new'));
      return [];
    });
    expect(line.unread()).toEqual([turn('new')]);
  });

  test('takes in nothing of a reading during which it was forgotten', async () => {
    const line = new Line();
    await line.readAll(async () => {
      line.forget();
      return [{ turn: turn('a'), entries: [entryOf(1)], isWhole: true }];
    });
    expect(line.heads()).toBeNull();
  });

  test('doesn’t know the unhandled entry of a fetch event that awaits another, whose write may change both', async () => {
    const line = await read();
    line.added(entryOf(2, 'a', { asked: { worker: 'w', fingerprint: 'f' }, awaits: [1] }));
    expect(line.unhandled({ seq: 2, requestId: 'r2' })).toBeNull();
  });

  test('knows the entry of an unhandled fetch event until it’s changed, swept or marked as handled', async () => {
    const asked = { worker: 'w', fingerprint: 'f' };
    const line = await read();
    line.added(entryOf(1, 'a', { asked }));
    line.added(entryOf(2, 'a', { asked }));
    expect(line.unhandled({ seq: 1, requestId: 'r1' })).toMatchObject({ seq: 1 });
    expect(line.unhandled({ seq: 1, requestId: 'another' })).toBeNull();
    const written = line.writing(1);
    expect(line.unhandled({ seq: 1, requestId: 'r1' })).toBeNull();
    written();
    line.handled({ seq: 1, requestId: 'r1' });
    expect(line.unhandled({ seq: 1, requestId: 'r1' })).toBeNull();
    const swept = line.sweeping();
    line.added(entryOf(3, 'a', { asked }));
    expect(line.unhandled({ seq: 3, requestId: 'r3' })).toBeNull();
    swept();
    expect([2, 3].map((seq) => line.unhandled({ seq, requestId: `r${seq}` }))).toEqual([null, null]);
  });

  test('takes in no result of a write that began before it was forgotten: a sweep may have been written along with it', async () => {
    const asked = { worker: 'w', fingerprint: 'f' };
    const line = await read();
    const since = line.age;
    line.sweeping()();
    line.added(entryOf(1, 'a', { asked }), since);
    line.changed(2, entryOf(2, 'a', { asked }), since);
    expect([1, 2].map((seq) => line.unhandled({ seq, requestId: `r${seq}` }))).toEqual([null, null]);
    line.added(entryOf(3, 'a', { asked }), line.age);
    expect(line.unhandled({ seq: 3, requestId: 'r3' })).toMatchObject({ seq: 3 });
  });
});
