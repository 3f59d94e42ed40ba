import { expect, test } from 'vitest';
import { cell, faultsOf, table, type Outcome } from './outcome.js';

const DONE: Outcome = { writes: [{ what: 'the note', times: 1 }], wrongs: [], refused: [], isTold: false, setAside: 0, requests: null };
const undone = { ...DONE, writes: [...DONE.writes, { what: 'the edit', times: 0 }] };

test('what is done once is no fault', () => {
  expect(faultsOf(DONE)).toEqual([]);
  expect(cell(DONE)).toBe('✓');
  expect(cell({ ...DONE, requests: 1 })).toBe('✓; 1 request');
});

test('a write that wasn’t done is lost, and the cell says whether anybody is told', () => {
  expect(cell(undone)).toBe('lost, and nobody is told: the edit');
  expect(cell({ ...undone, isTold: true, requests: 3 })).toBe('lost, and told: the edit; 3 requests');
});

test('a write that the app refused at once isn’t lost', () => {
  expect(cell({ ...undone, refused: ['the edit'], isTold: true })).toBe('not possible: the edit');
});

test('a write that is told and set aside for a person is no fault, and a write that is set aside unseen is', () => {
  expect(cell({ ...undone, isTold: true, setAside: 1 })).toBe('✓; the edit is told, and kept to be mended');
  expect(faultsOf({ ...undone, setAside: 1 })).toEqual(['lost, and nobody is told: the edit']);
});

test('what is done more than once is doubled, and what nobody has asked for is told', () => {
  const writes = [{ what: 'the note', times: 2 }, { what: 'the tag', times: 3 }];
  expect(faultsOf({ ...DONE, writes, wrongs: ['sent as Ben: the note'] })).toEqual(['doubled: the note, the tag (3 times)', 'sent as Ben: the note']);
});

test('the table has a column for each title', () => {
  expect(table(['one', 'two'], [{ name: 'offline', cells: ['✓', 'lost'] }])).toBe(['|  | one | two |', '| --- | --- | --- |', '| offline | ✓ | lost |'].join('\n'));
});
