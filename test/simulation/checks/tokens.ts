import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { KeptSettlement } from '../../../sw/policy/settlement.js';
import { newestMade, type BackendRecord } from '../../../sw/policy/backend-record.js';
import { callName } from '../../../sw/protocol/comlink.js';
import { digestOf } from '../browser/ports.js';
import { Worker } from '../browser/worker.js';
import { opOf, type Call } from '../history.js';
import { readToken, tokensIn } from '../tokens.js';
import type { World } from '../world.js';
import { entryOf, isReplay } from './replays.js';

/** Looks at the tokens that replays travel with: what a page sends by itself travels with the page's own. */
export function watchTokens(world: World): void {
  const { app, browser, disk, history, network } = world;
  /** Tokens that a worker knows from nothing but a fetch event that came again. */
  const again = new WeakMap<Worker, Map<string, boolean>>();

  /** When any worker was shown each token first, and when a page has called to bring it last, in the order of all that has happened. */
  const seen = new Map<string, number>();
  const brought = new Map<string, number>();
  /** By token: the workers that were shown it. */
  const holders = new Map<string, Set<Worker>>();
  /** Tokens of which a page was told that they're taken. */
  const taken = new Set<string>();
  const callsUnderWay = new Map<string, readonly string[]>();
  /** When the newest token that was ever on disk was made, in seconds since the epoch. */
  let newestOnDisk = 0;

  world.shown = (worker, token, open) => {
    const known = again.get(worker) ?? new Map<string, boolean>();
    again.set(worker, known);
    const isAgain = open !== null && open.dispatches > 1 && isOwed(open.op) && !isLast(token);
    known.set(token, isAgain && (known.get(token) ?? true));
    history.shown.add(token);
    if (!seen.has(token)) seen.set(token, history.next());
    holders.set(token, (holders.get(token) ?? new Set()).add(worker));
  };

  const { died, posted, replied } = world;
  world.posted = (page, call) => {
    posted(page, call);
    if (callName(call) !== 'provideToken' || callsUnderWay.has(call.id)) return;
    const tokens = tokensIn(JSON.stringify(call.argumentList));
    callsUnderWay.set(call.id, tokens);
    // A repeat of the call brings nothing new.
    for (const token of tokens) brought.set(token, history.next());
  };
  world.replied = (page, answer) => {
    replied(page, answer);
    const isTaken = answer.type === 'RAW' && !String(answer.value).startsWith('ignored');
    if (isTaken) for (const token of callsUnderWay.get(answer.id) ?? []) taken.add(token);
  };

  /** With a worker goes what it alone has seen: a token that's newer than all on disk, and of which no page was told that it's taken. */
  world.died = (worker) => {
    died(worker);
    for (const [token, mine] of holders)
      if (mine.delete(worker) && ![...mine].some(({ isAlive }) => isAlive) && !taken.has(token) && readToken(token)!.issuedAt > newestOnDisk) seen.delete(token);
  };

  /** Whether it's on disk whose event it is, so that it's known again. */
  const isOwed = (op: number): boolean => {
    // What has taken its place is another request.
    if (history.gone.get(op)?.how === 'replaced') return false;
    const seq = history.stored.get(op)?.seq ?? NaN;
    return Boolean((disk.get('entries', seq) as EntryRecord | undefined)?.asked ?? (disk.get('settlements', seq) as KeptSettlement | undefined)?.asked);
  };
  const isLast = (token: string) => disk.all<BackendRecord>('backends').some(({ last }) => last?.digest === digestOf(token));

  network.onSend.push((process, { url, headers }) => {
    const [token] = tokensIn(headers['authorization']);
    const op = opOf(url);
    // What has no key isn't captured: it passes with the page's own token.
    if (!(process instanceof Worker) || token === undefined || headers[IDEMPOTENCY_HEADER] === undefined || !isReplay(world, process, op)) return;
    staysBehind(process, token, op);
    isGood(world, process, token, op);
    isOfTheSession(process, token, op);
  });

  /** What comes again to a second worker brings no token but the one that was known last: it may be an old one, or a former user's. */
  const staysBehind = (worker: Worker, token: string, op: number): void => {
    if (again.get(worker)?.get(token)) history.violated('what comes again brings no token', `${worker.name} replays with one that only an event which came again has shown it`, op);
  };

  /** When it was written down first how the server's clock goes. */
  let dated = Infinity;
  disk.onCommit.push(({ changes }) => {
    for (const { store, after } of changes) {
      if (store !== 'backends' || !after) continue;
      const record = after as BackendRecord;
      newestOnDisk = Math.max(newestOnDisk, newestMade(record));
      if (record.serverSkewMs != null) dated = Math.min(dated, history.next());
    }
  });

  /** Whether the server's clock, which was known then, tells that a token was made before a sign-out. */
  const isFromBefore = (token: string, out: Call): boolean => {
    const calledAt = world.serverNow() - (world.agenda.now - out.at);
    return dated < out.order && !world.chances.wasSlow && (readToken(token)!.issuedAt + 1) * 1_000 + DATED_MS < calledAt;
  };

  /** After a sign-out nothing is replayed with a token that was made before it, and that no page has brought since. */
  const isOfTheSession = (worker: Worker, token: string, op: number): void => {
    const out = history.calls.findLast(({ name, answeredOrder, result }) => (name === 'signOut' || name === 'purge') && answeredOrder !== undefined && !(result instanceof Error));
    const { serial, user } = readToken(token)!;
    // Which of two opaque ones is the older one nobody can tell.
    if (world.setup.tokens === 'opaque') return;
    if (!out || app.made[serial - 1]! > out.order || (brought.get(token) ?? 0) > out.order || worker.version !== browser.active) return;
    // One that comes for the first time can't be told from one of a new session, unless by the server's clock.
    const isKnown = [...seen].some(([other, order]) => order < out.order && readToken(other)!.user === user && readToken(other)!.serial >= serial);
    if (!isKnown && !isFromBefore(token, out)) return;
    const check = user === out.user ? 'a sign-out ends the session' : 'a former user stays signed out';
    history.violated(check, `${worker.name} replays with a token from before it`, op);
  };
}

/** By so much a token may be over, as the device's clock is off, in milliseconds; and what a send takes. */
const OVER_MS = 60_000 + 1_000;

/** What a `Date` leaves open, in milliseconds: its full second, its way here, and what isn't worth being noted. */
const DATED_MS = 1_000 + 500;

/** No replay goes out with a token that's over by its own word: by both clocks, where the server's was heard of. */
function isGood({ disk, history, chances, now, serverNow, setup }: World, worker: Worker, token: string, op: number): void {
  // What is opaque says nothing of itself to a worker.
  if (setup.tokens === 'opaque') return;
  const isHeard = entryOf({ disk, history }, op) && disk.all<BackendRecord>('backends').some(({ serverSkewMs }) => serverSkewMs != null);
  // What was heard a moment ago isn't on disk yet.
  const byServer = setup.isDated ? serverNow() - DATED_MS : Infinity;
  const lateMs = Math.min(isHeard ? now() : now() - OVER_MS, byServer) - readToken(token)!.expiresAt * 1_000;
  if (lateMs > 0 && !chances.wasSlow) history.violated('no replay with a token that is over', `${worker.name}'s is over since ${Math.round(lateMs)} ms${isHeard ? ', and the server has told the time' : ''}`, op);
}
