import type { Settings } from '../../policy/backend-record.js';
import { turnOf, type EntryRecord } from '../../policy/entry-record.js';
import type { Decision, EntryInput } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { AmbiguousReferenceError, isQuotaError } from '../../policy/errors.js';
import { freshKeyFor } from '../../policy/idempotency.js';
import { isInDoubt } from '../../policy/key-history.js';
import { checkOptions, check, record, type Rule, type Rules } from '../../policy/rules.js';
import type { Ports } from '../../ports.js';
import type { Reference, Settlement, SyncApi } from '../../protocol/api.js';
import type { Calls } from '../../protocol/comlink.js';
import type { DeadReason } from '../../protocol/events.js';
import type { Sessions } from '../auth/sessions.js';
import type { Holds } from '../auth/tokens.js';
import type { State } from '../backend/backends.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import type { RemoteConfig } from '../backend/remote-config.js';
import type { Drain } from '../drain/drain.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import type { Doubts } from '../workers/doubts.js';
import type { Neighbours } from '../workers/neighbours.js';
import { createCheckpointCalls } from './checkpoints.js';
import { createEditing, wantsNewKey } from './edit.js';
import type { Listing } from './listing.js';
import { createResolving } from './resolve.js';
import { createSessionCalls } from './sessions.js';

export interface CallParts {
  ports: Ports;
  state: State;
  report: Report;
  holds: Holds;
  sessions: Sessions;
  listing: Listing;
  describe: DescribeEntry;
  drain: Drain;
  remote: RemoteConfig;
  neighbours: Neighbours;
  doubts: Doubts;
  providers: Providers;
  connectivityChanged(isNews: boolean): void;
}

const REFERENCE_RULE: Rule = [
  (reference: unknown) => (typeof reference === 'string' ? reference !== '' : Number.isFinite(reference)),
  'it must be a task id, a checkpoint key, or the seq of an entry',
];
const aSwitch: Rule = [(value: unknown) => value === null || typeof value === 'boolean', 'it must be true or false, or null for what install said'];
const CONFIGURATION_RULES: Rules = { autoRetry: aSwitch, offlineMode: aSwitch };

/** The calls that a page may make to the worker. */
export function createCalls(parts: CallParts): Calls {
  const { ports, state, report, holds, sessions, listing, describe, drain, remote, neighbours, doubts, providers } = parts;
  const { chance, clock, outbox, log } = ports;

  /** The newest entry under the reference, in the given state. @throws AmbiguousReferenceError for a task id in use at several backends */
  async function newestUnder(reference: Reference, standing?: EntryRecord['state']): Promise<EntryRecord | null> {
    check('id', reference ?? null, REFERENCE_RULE);
    const found = (await outbox.find(reference)).filter((entry) => !standing || entry.state === standing);
    const newest = new Map(found.map((entry) => [entry.key, entry]));
    if (newest.size > 1) throw new AmbiguousReferenceError(reference, [...newest.keys()]);
    return [...newest.values()][0] ?? null;
  }

  /** Another idempotency key for an entry, in the form of the old one. */
  const freshKeyOf = (entry: EntryRecord) => freshKeyFor(entry, state.backends.get(entry.backend)?.config.idempotencyKey, chance.uuid());

  async function cancel(reference: Reference): Promise<boolean> {
    // The flights of another worker aren't known here, so the entry may be on the wire.
    const others = await neighbours.any();
    const entry = await newestUnder(reference, 'pending');
    if (!entry) return false;
    const flying = () => state.backends.get(entry.backend)?.flights.get(entry.seq);
    const flight = flying();
    if (flight?.settling) {
      // The entry's answer is being written, after which it may be gone.
      await flight.done.catch(() => {});
      return cancel(reference);
    }
    if (flight) flight.cancelled = true;
    try {
      const writing = report.commit({
        seq: entry.seq,
        decide: (current) => transition(current, { type: 'cancelled', inFlight: others || flying() !== undefined }, clock.now()),
      });
      if (flight) flight.cancelling = writing;
      const decision = await writing;
      const later = flying();
      if (later) later.cancelled = true;
      later?.abort.abort(new DOMException('The entry was cancelled', 'AbortError'));
      return decision !== null;
    } catch (error) {
      // The entry stays, and is in doubt: its answer may have been ignored while the cancel was being written.
      if (flight) {
        doubts.add(entry.seq);
        flight.cancelled = false;
      }
      throw error;
    } finally {
      void drain.nudge();
    }
  }

  /** Applies an input to a dead letter. */
  async function toDead(reference: Reference, inputFor: (entry: EntryRecord) => EntryInput & { type: 'retried' | 'discarded' }): Promise<boolean> {
    const entry = await newestUnder(reference, 'dead');
    if (!entry) return false;
    const input = inputFor(entry);
    const backend = state.backends.get(entry.backend);
    const turn = turnOf(entry);
    backend?.lanes.writeStarted(turn);
    let decision: Decision | null = null;
    try {
      decision = await report.commit({
        seq: entry.seq,
        decide: (current) => transition(current, input, clock.now()),
      });
      for (const { entry: next } of decision?.followed ?? []) if (next?.turn) backend?.lanes.listed(next.turn);
      // A retry has an event of its own; a discard has none.
      if (decision && input.type === 'discarded') ports.broadcast({ type: 'changed', key: entry.key, seq: entry.seq });
      return decision !== null;
    } finally {
      backend?.lanes.writeEnded(turn, decision !== null);
      void drain.nudge();
    }
  }

  /** The last write of a setting: writes come one after the other, so that the last call counts. */
  let setting: Promise<void> = Promise.resolve();
  const inTurn = (write: () => Promise<void>): Promise<void> => (setting = setting.catch(() => {}).then(write));
  const change = (changes: Partial<Settings>) => void (state.settings = { ...state.settings, ...changes });

  /** Whether the last write was a pause; undefined before the first. */
  let wasPaused: boolean | undefined;
  /** Whether the last call was `pause`, and not `resume`. */
  let isStopped: boolean;
  const setPaused = (paused: boolean): Promise<void> => {
    wasPaused ??= state.settings.paused;
    isStopped = paused;
    // A pause is in force at once, and while this worker lives, whatever comes of its write.
    if (paused) change({ paused });
    return inTurn(async () => {
      await report.commit({ paused, events: paused === wasPaused ? [] : [{ type: paused ? 'paused' : 'resumed', at: clock.now() }] });
      wasPaused = paused;
      change({ paused: isStopped });
    });
  };

  const sessionCalls = createSessionCalls({ clock, state, holds, sessions, drain });
  const checkpointCalls = createCheckpointCalls(ports, state);
  const others: Omit<SyncApi, keyof ReturnType<typeof sessionCalls> | keyof ReturnType<typeof checkpointCalls>> = {
    async configure(configuration) {
      check('configuration', configuration ?? null, record('autoRetry, offlineMode or both'));
      checkOptions(configuration, CONFIGURATION_RULES);
      await inTurn(async () => {
        await report.commit({ settings: { ...state.settings, ...configuration } });
        change(configuration);
      });
      void remote.refresh();
      void drain.nudge();
    },

    status: () => listing.status(),
    entries: (filter) => listing.entries(filter),
    async entry(reference) {
      const entry = await newestUnder(reference);
      return entry && describe(entry);
    },
    async settled(reference) {
      // The settlement of an older entry isn't the answer to an entry that waits under the same id.
      const found = await outbox.find(reference);
      if (found.some((entry) => entry.state === 'pending')) return null;
      const dead = found.at(-1);
      const kept = await outbox.settlement(reference);
      // A settlement past its time may still be on disk, not swept yet.
      if (!kept || kept.at < clock.now() - SETTLEMENT_MS) return dead ? forgottenSettlement(dead) : null;
      const { requestId: _, ...settlement } = kept;
      return settlement;
    },
    retry: (reference, options) => toDead(reference, (entry) => ({ type: 'retried', freshKey: wantsNewKey(options) ? freshKeyOf(entry) : null })),
    cancel,
    discard: (reference) => toDead(reference, () => ({ type: 'discarded' })),
    ...createEditing({ ports, state, report, providers, find: newestUnder, freshKeyOf }),
    ...createResolving({ ports, state, report, providers, neighbours, nudge: drain.nudge }),
    pause: () => setPaused(true),
    async resume() {
      await setPaused(false).catch(async (error: unknown) => {
        if (!isQuotaError(error) || isStopped) throw error;
        // On a full disk the deliveries make the room that writing this takes.
        change({ paused: false });
        await drain.nudge();
        change({ paused: true });
        if (!isStopped) await setPaused(false);
      });
      void drain.nudge();
    },
    async replay() {
      for (const { offlineHint } of state.backends.values()) offlineHint.isIgnored = true;
      parts.connectivityChanged(false);
      void drain.hurry(true);
    },
    journal: () => outbox.journal(),
    async wake(reason) {
      if (reason === 'online' || reason === 'offline') report.tell({ type: reason, at: clock.now() });
      // A validation is asked for at every wake-up, as an `online` can be missed: the page that would have heard it may have been closed.
      parts.connectivityChanged(reason === 'online' || reason === 'offline');
      if (reason !== 'offline') void (reason === 'due' ? drain.nudge() : drain.hurry());
      if (reason !== 'connect') return;
      outbox
        .forgetSettlements(clock.now() - SETTLEMENT_MS)
        .catch((error: unknown) => log.warn('[holdfast] old settlements stay a while longer', error));
      if (!providers.any) return;
      outbox
        .forgetIds(clock.now() - ID_MS, clock.now())
        .then(() => providers.refresh())
        .catch((error: unknown) => log.warn('[holdfast] old ids stay a while longer', error));
    },
  };

  // Each call waits for the state, as it may be the first event of a restarted worker.
  const onceReady = <Some extends object>(some: Some): Some =>
    Object.fromEntries(
      Object.entries(some).map(([name, call]) => [
        name,
        async (...args: never[]) => {
          await state.ready();
          void remote.refreshIfDue();
          return (call as (...args: never[]) => unknown)(...args);
        },
      ]),
    ) as Some;
  const othersOnceReady = onceReady(others);
  return (made = { at: clock.now(), again: false }) => ({ ...othersOnceReady, ...onceReady({ ...sessionCalls(made), ...checkpointCalls(made) }) });
}

/** How long a settlement is kept, in milliseconds. */
const SETTLEMENT_MS = 24 * 3_600_000;

/** How long an id is kept that nothing waits for, in milliseconds. */
const ID_MS = 7 * SETTLEMENT_MS;

/** The settlement of a dead letter that has outlived it, made from the entry's last answer, without the body. */
function forgottenSettlement(entry: EntryRecord): Settlement {
  const { id, key, seq, reason, lastAnswer, since } = entry;
  const { status = null, headers = {} } = lastAnswer ?? {};
  const doubt = isInDoubt(entry) && { inDoubt: true as const };
  return { id, key, seq, state: 'failed', reason: reason as DeadReason, status, headers, body: null, truncated: true, at: since, ...doubt };
}
