import type { ApiServer, Answer, Received, Reply } from '../../support/api-server.js';

/**
 * What the app sees of a write while the server doesn't answer.
 *
 * - `queued`: success, with the 202's JSON
 * - `waits`: nothing yet, and the server's own answer once it's there
 * - `unchanged`: the screen stays as it is
 * - `error`: what it would see without a worker, and nothing is kept
 * - `retries`: nothing yet: nothing is kept, and the library itself tries again until it succeeds
 */
export type Sees = 'queued' | 'waits' | 'unchanged' | 'error' | 'retries';

/** How the server fails. `down`: its port is closed; `slow`: the first attempt has no answer in time; `holding`: the token is over; `cut`: the first attempt's connection breaks. */
export type Fault = 'down' | 'slow' | 'holding' | 'cut';

/** Answers what a library asks for. Made anew for each test. */
export type Backend = () => (request: Received, count: number) => Reply | Promise<Reply>;

export interface Row {
  /** The library as the docs name it. */
  client: string;
  /** Whose versions the docs name. The first is the client itself. */
  packages: string[];
  /** What the app does with it, as the docs name it. */
  does: string;
  /** The module under `pages`, or `more/pages`, and its export. */
  page: string;
  call?: string;
  sees: Sees;
  /** What the app is told in the end. @default the 202's JSON, for `queued` */
  told?: unknown;
  /** How many requests the effect is. @default 1 */
  times?: number;
  backend: Backend;
  /** What the effect is: by method and path. */
  effect: RegExp;
  /** What the effect's body has in it, where other requests have the same method and path. */
  body?: RegExp;
  /** @default down, slow */
  faults?: Fault[];
  /** The source text of the backend's `match`. */
  match?: string;
  /** What the worker's script does after `install`. */
  worker?: string;
  /** What the screen shows all the time, for `unchanged`. */
  screen?: string;
  /** A part of what the app does, or what a user of Holdfast should know; for the docs. */
  note?: string;
}

export const json = (body: object, status = 200): Answer => ({ status, headers: { 'Content-Type': 'application/json' }, body });
export const html = (body: string, headers: Record<string, string> = {}): Answer => ({ status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers }, body });

export type { ApiServer };
