import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { KeptSettlement } from '../../../sw/policy/entry.js';
import type { BackendRecord } from '../../../sw/ports.js';
import { digestOf } from '../browser/ports.js';
import { Worker } from '../browser/worker.js';
import { opOf } from '../history.js';
import { readToken, tokensIn } from '../tokens.js';
import type { World } from '../world.js';

/** Looks at the tokens that replays travel with: what a page sends by itself travels with the page's own. */
export function watchTokens(world: World): void {
  const { disk, history, network } = world;
  /** Tokens that a worker knows from nothing but a fetch event that came again. */
  const again = new WeakMap<Worker, Map<string, boolean>>();

  world.shown = (worker, token, open) => {
    const known = again.get(worker) ?? new Map<string, boolean>();
    again.set(worker, known);
    const isAgain = open !== null && open.dispatches > 1 && isOwed(open.op) && !isLast(token);
    known.set(token, isAgain && (known.get(token) ?? true));
  };

  /** Whether it's on disk whose event it is, so that it's known again. */
  const isOwed = (op: number): boolean => {
    const seq = history.stored.get(op)?.seq ?? NaN;
    return Boolean((disk.get('entries', seq) as EntryRecord | undefined)?.asked ?? (disk.get('settlements', seq) as KeptSettlement | undefined)?.asked);
  };
  const isLast = (token: string) => disk.all<BackendRecord>('backends').some(({ last }) => last?.digest === digestOf(token));

  network.onSend.push((process, { url, headers }) => {
    const [token] = tokensIn(headers['authorization']);
    const op = opOf(url);
    // What has no key isn't captured: it passes with the page's own token.
    if (!(process instanceof Worker) || token === undefined || headers[IDEMPOTENCY_HEADER] === undefined || [...process.fetches].some(({ open }) => open.op === op)) return;
    staysBehind(process, token, op);
    isGood(world, process, token, op);
    isOfTheSession(world, process, token, op);
  });

  /** What comes again to a second worker brings no token but the one that was known last: it may be an old one, or a former user's. */
  const staysBehind = (worker: Worker, token: string, op: number): void => {
    if (again.get(worker)?.get(token)) history.violated('what comes again brings no token', `${worker.name} replays with one that only an event which came again has shown it`, op);
  };
}

/** By so much a token may be over, as the device's clock is off, in milliseconds; and what a send takes. */
const OVER_MS = 60_000 + 1_000;

/** No replay goes out with a token that's over by its own word. */
function isGood({ history, chances, now, setup }: World, worker: Worker, token: string, op: number): void {
  // What is opaque says nothing of itself to a worker.
  if (setup.tokens === 'opaque') return;
  const lateMs = now() - readToken(token)!.expiresAt * 1_000;
  if (lateMs > OVER_MS && !chances.wasSlow) history.violated('no replay with a token that is over', `${worker.name}'s is over since ${Math.round(lateMs)} ms`, op);
}

/** After a sign-out nothing is replayed with a token that was made before it. */
function isOfTheSession({ app, browser, history }: World, worker: Worker, token: string, op: number): void {
  const out = history.calls.findLast(({ name, answeredOrder, result }) => (name === 'signOut' || name === 'purge') && answeredOrder !== undefined && !(result instanceof Error));
  if (!out || app.made[readToken(token)!.serial - 1]! > out.order || worker.version !== browser.active) return;
  // A page may have brought one meanwhile, as its app says who is there.
  const isBrought = history.calls.some(({ name, answeredOrder = Infinity }) => name === 'provideToken' && answeredOrder > out.order);
  if (!isBrought) history.violated('a sign-out ends the session', `${worker.name} replays with a token from before it`, op);
}
