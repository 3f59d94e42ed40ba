/** A report as the server has it. */
export interface Report {
  id: string;
  ref: string | null;
  title: string;
  place: string;
  severity: 'low' | 'medium' | 'high';
  note: string;
  done: boolean;
  hasPhoto: boolean;
  author: string;
  writtenAt: number;
}

/**
 * What this page has asked the server for and hasn't heard the end of. Its id is the task id; of a new report it's the report's
 * temporary id, too, and changes of that report may name it for good.
 */
export type Change = { id: string; title: string } & (
  | { kind: 'create'; report: Report; thumb: string | null }
  | { kind: 'done'; reportId: string; done: boolean }
  | { kind: 'remove'; reportId: string }
);

export type RowState = 'delivered' | 'waiting' | 'held' | 'sending' | 'dead';
