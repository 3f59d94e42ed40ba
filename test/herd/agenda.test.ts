import { expect, test } from 'vitest';
import { Agenda } from './agenda.js';

function taken(agenda: Agenda): string[] {
  const log: string[] = [];
  agenda.run((id, now) => log.push(`${now} take ${id}`));
  return log;
}

test('clients are taken by time, and in one millisecond in the order in which they were put', () => {
  const agenda = new Agenda(4);
  agenda.put(3, 700);
  agenda.put(0, 20);
  agenda.put(2, 20);
  agenda.put(1, 19.2);
  expect(taken(agenda)).toEqual(['20 take 0', '20 take 2', '20 take 1', '700 take 3']);
});

test('a client that was taken may be put again, for now and for further than the wheel is long', () => {
  const agenda = new Agenda(1);
  const log: number[] = [];
  agenda.put(0, 0);
  agenda.run((id, now) => {
    log.push(now);
    if (log.length < 5) agenda.put(id, log.length === 1 ? now : now + 400_000);
  });
  expect(log).toEqual([0, 0, 400_000, 800_000, 1_200_000]);
});

test('the past, a time too far ahead, and a client that waits already are refused', () => {
  const agenda = new Agenda(1);
  expect(() => agenda.put(0, -1)).toThrow("-1 ms isn't within 524288 ms from 0");
  expect(() => agenda.put(0, 524_288)).toThrow(RangeError);
  agenda.put(0, 10);
  expect(() => agenda.put(0, 20)).toThrow('0 waits already');
});
