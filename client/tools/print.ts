import type { EntryInfo, SyncStatus } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';

type Row = Record<string, string | number | boolean | null>;

/** What `__HOLDFAST__` shows of each answer. */
const ROWS = {
  status: ({ backends }: SyncStatus): Row[] =>
    backends.map(({ baseUrl, namespace, waiting, sending, dead, holds, circuit, nextAttemptAt }) => {
      const held = holds.map(({ reason, owner }) => (owner === null ? reason : `${reason} (${owner})`)).join(', ');
      return { baseUrl, namespace, waiting, sending, dead, held, circuit, next: nextAttemptAt === null ? '' : time(nextAttemptAt) };
    }),
  entries: (entries: EntryInfo[]): Row[] =>
    entries.map(({ id, state, inDoubt, reason, since, method, url, lane, owner, sends, notBefore, lastAnswer }) => {
      return { id, state: inDoubt ? `${state}, in doubt` : state, reason, since: time(since), method, url, lane, owner, sends, next: time(notBefore), status: lastAnswer?.status ?? null };
    }),
  journal: (events: SyncEvent[]): Row[] =>
    events.map(({ type, at, ...told }) => {
      const shown = Object.entries(told).filter(([name]) => !['key', 'seq', 'baseUrl', 'namespace', 'attemptId'].includes(name));
      return { at: time(at), type, ...(Object.fromEntries(shown) as Row) };
    }),
};

export type Printed = keyof typeof ROWS;

/** Prints an answer of the client's as a table, and gives it back. */
export function print<Answer>(what: Printed, answer: Answer, console: Pick<Console, 'table'> = globalThis.console): Answer {
  console.table(ROWS[what](answer as never));
  return answer;
}

const time = (at: number): string => new Date(at).toISOString().slice(11, 23);
