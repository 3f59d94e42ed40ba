import type { Reference } from '../../sw/protocol/api.js';
import { isKey } from '../../sw/protocol/ids.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { isMoot } from '../../sw/policy/coalesce.js';
import type { Decision } from '../../sw/policy/entry-decision.js';
import { transition } from '../../sw/policy/entry.js';
import { fitsInPlace, providerOf, type GivenId } from '../../sw/policy/given-ids.js';
import { isFirstSend, readEntry, turnOf, type EntryRecord, type Turn } from '../../sw/policy/entry-record.js';
import type { EtagNote } from '../../sw/policy/etags.js';
import type { Body, Commit, Requested } from '../../sw/ports.js';
import { isAbout } from '../../sw/store/outbox.js';
import { withCommit, type TestOutbox } from './stored-outbox.js';
import { isSmall } from '../../sw/store/writes.js';
import { merged, type BackendRecord, type Settings } from '../../sw/policy/backend-record.js';
import { remainderOf, withoutAnswer, type KeptSettlement, type Remainder } from '../../sw/policy/settlement.js';

/** The outbox of a worker that never dies: for tests under a virtual clock. */
export function memoryOutbox(): TestOutbox {
  const entries = new Map<number, EntryRecord>();
  const bodies = new Map<number, Body>();
  const settlements = new Map<number, KeptSettlement>();
  /** What stays of replaced requests, by their own ids. */
  const remainders = new Map<string, Remainder>();
  const backends = new Map<string, BackendRecord>();
  const etagNotes = new Map<string, EtagNote>();
  const ids = new Map<number, GivenId>();
  const journal: SyncEvent[] = [];
  let settings: Settings = { paused: false };
  let last = 0;

  const putBackend = (backend: BackendRecord) => {
    backends.set(backend.key, structuredClone(merged(backends.get(backend.key) ?? backend, backend)));
  };
  const inOrder = () => [...entries.values()].sort((a, b) => a.seq - b.seq).map((entry) => readEntry(entry, entry.seq));
  const named = <T extends { id: string; key: string; seq: number }>(all: T[], reference: Reference) =>
    all.filter((one) => (typeof reference === 'number' ? one.seq : isKey(reference) ? one.key : one.id) === reference);
  const providersNow = () => [...inOrder().filter(({ provides }) => provides !== undefined).map(providerOf), ...[...ids.values()].map((given) => ({ ...given, state: 'answered' as const }))];
  const headsNow = () => {
    const first = new Map<string, EntryRecord>();
    for (const entry of inOrder()) {
      const turn = JSON.stringify(entry.turn);
      if (entry.turn && !first.has(turn)) first.set(turn, entry);
    }
    return [...first.values()];
  };
  const lot = (turn: Turn, count: number) => inOrder().filter((entry) => JSON.stringify(entry.turn) === JSON.stringify(turn)).slice(0, count);
  const decideDependents = (seq: number, { input, at }: NonNullable<Decision['dependents']>): Decision[] =>
    inOrder().flatMap((entry) => {
      const decision = entry.awaits?.includes(seq) ? transition(entry, input, at) : null;
      if (decision) apply(entry.seq, decision);
      return decision ?? [];
    });
  const forgetIds = (which: (given: GivenId) => boolean, now?: number) => {
    for (const given of [...ids.values()].filter(which)) {
      if (!inOrder().some(({ awaits }) => awaits?.includes(given.seq))) ids.delete(given.seq);
      else if (now !== undefined) ids.set(given.seq, { ...given, at: now });
    }
  };
  const apply = (seq: number, decision: Decision) => {
    const { entry, settlement, events } = decision;
    if (entry) entries.set(seq, structuredClone(entry));
    else {
      entries.delete(seq);
      bodies.delete(seq);
    }
    if (settlement) settlements.set(seq, settlement);
    else if (settlement === null) settlements.delete(seq);
    journal.push(...events);
    if (decision.given) ids.set(seq, decision.given);
    if (decision.dependents && !ids.has(seq)) decision.followed = decideDependents(seq, decision.dependents);
  };

  const commit = ({ seq, decide, body, backend, settings: changed, paused, events = [], etags = [] }: Commit): Decision | null => {
    if (backend) putBackend(backend);
    if (changed) settings = { ...changed, paused: settings.paused };
    if (paused !== undefined) settings = { ...settings, paused };
    journal.push(...events);
    const entry = seq === undefined ? undefined : entries.get(seq);
    for (const { name, note } of entry ? etags : []) {
      if (note) etagNotes.set(`${backend!.key}|${name}`, note);
      else etagNotes.delete(`${backend!.key}|${name}`);
    }
    const decision = entry && decide ? decide(readEntry(entry, entry.seq)) : null;
    if (decision && entry) apply(entry.seq, decision);
    if (decision?.entry && body !== undefined) {
      const { body: _, ...rest } = decision.entry;
      entries.set(rest.seq, structuredClone(isSmall(body) ? { ...rest, body } : rest));
      if (body && !isSmall(body)) bodies.set(rest.seq, body);
      else bodies.delete(rest.seq);
    }
    return decision;
  };

  const handled = (requests: readonly Requested[]): void => {
    for (const { seq, requestId } of requests) {
      remainders.delete(requestId ?? '');
      if (typeof seq === 'string') continue;
      const [entry, settlement] = [entries.get(seq), settlements.get(seq)];
      if (entry?.requestId === requestId && entry) entries.set(seq, { ...entry, asked: null });
      if (settlement?.requestId !== requestId || !settlement) continue;
      const { asked: _, ...told } = settlement;
      if (told.forgotten) settlements.delete(seq);
      else settlements.set(seq, told);
    }
  };

  return withCommit({
    start: async (count) => ({
      backends: [...backends.values()],
      settings,
      beginnings: headsNow().flatMap(({ turn }) => (turn ? [{ turn, seqs: lot(turn, count).map(({ seq }) => seq) }] : [])),
    }),
    open: async () => ({
      entries: inOrder().filter(({ asked }) => asked !== null),
      settlements: [...[...settlements.values()].filter(({ asked }) => asked), ...remainders.values()],
    }),
    async capture({ draft, body, limits, whenWaiting, isInFlight, decide, placed, backend, coalesce }) {
      const sameKey = inOrder().filter((entry) => entry.key === draft.key && entry.state === 'pending');
      const inTheWay = sameKey.find((entry) => !isFirstSend(entry) && !entry.inProgress && !isInFlight(entry.seq) && fitsInPlace(draft, entry));
      if (sameKey[0] && whenWaiting === 'refuse') return { kind: 'refused', waiting: sameKey[0] };
      if (inTheWay && inTheWay.owner !== draft.owner) return { kind: 'refused', waiting: inTheWay };
      const inLane = inOrder().filter(({ turn }) => turn?.[0] === draft.backend && turn[1] === draft.lane);
      const provider = draft.request.method === 'DELETE' && draft.awaits?.[0];
      const dependents = inOrder().filter(({ awaits }) => provider && awaits?.includes(provider));
      const under = inLane.findLast((entry) => !dependents.some(({ seq }) => seq === entry.seq));
      const mayGo = dependents.length === 0 || (under?.seq === provider && dependents.every((entry) => isMoot(entry, draft)));
      const behind = mayGo ? under : undefined;
      const made = coalesce && behind && !isInFlight(behind.seq) ? coalesce(behind, behind.body ?? bodies.get(behind.seq) ?? null) : null;
      if (made instanceof Promise) return { kind: 'asked', last: behind!, answer: made };
      if (made && behind && !(made.decision.entry && dependents.length > 0)) {
        const { seq, requestId } = behind;
        const { body: _, ...rest } = made.decision.entry ?? {};
        const entry = made.decision.entry && ({ ...rest, ...(isSmall(made.body) && { body: made.body }) } as EntryRecord);
        const decision = { ...made.decision, entry };
        if (entry && entry.bodySize > limits.maxBytes) return { kind: 'full', limit: 'maxBytes' };
        if (backend) putBackend(backend);
        const left = entry ? remainderOf(behind, seq) : remainderOf(draft, null);
        if (left.asked) remainders.set(left.requestId, left);
        bodies.delete(seq);
        apply(seq, decision);
        if (made.body && !isSmall(made.body)) bodies.set(seq, made.body);
        return entry ? { kind: 'stored', decision, seq, replaced: true, ...(requestId !== undefined && { of: requestId }) } : { kind: 'gone', decision, seq };
      }
      const others = inOrder().filter((entry) => entry.backend === draft.backend && entry.seq !== inTheWay?.seq);
      if (!inTheWay && others.length >= limits.maxEntries) return { kind: 'full', limit: 'maxEntries' };
      const bytes = others.reduce((sum, entry) => sum + entry.bodySize, draft.bodySize);
      if (bytes > limits.maxBytes) return { kind: 'full', limit: 'maxBytes' };
      if (backend) putBackend(backend);
      const seq = inTheWay?.seq ?? ++last;
      const entry: EntryRecord = { ...draft, seq, ...(isSmall(body) && { body }) };
      if (inTheWay) {
        const { asked, requestId, agesFrom } = inTheWay;
        if (asked && requestId) remainders.set(requestId, { seq: requestId, requestId, asked, at: agesFrom, forgotten: true });
        entry.lane = inTheWay.lane;
        entry.capturedAt = inTheWay.capturedAt;
        entry.turn = turnOf(entry);
        if (inTheWay.provides !== undefined) entry.provides = inTheWay.provides;
      }
      placed?.(seq);
      const decision = decide?.(entry) ?? { entry, events: [] };
      bodies.delete(seq);
      if (body && !isSmall(body)) bodies.set(seq, body);
      apply(seq, decision);
      return { kind: 'stored', decision, seq, replaced: inTheWay !== undefined };
    },
    commitAll: async (commits) => commits.map(commit),
    async sweep({ backend, events, decide, forget }) {
      const mine = inOrder().filter((entry) => entry.backend === backend.key);
      const made = mine.map((entry) => ({ seq: entry.seq, decision: decide(entry) }));
      putBackend(backend);
      for (const key of etagNotes.keys()) if (key.startsWith(`${backend.key}|`)) etagNotes.delete(key);
      const left = journal.filter((event) => !isAbout(event, backend.key));
      journal.splice(0, journal.length, ...left);
      for (const [seq, { key, owner = null }] of settlements)
        if (key.startsWith(`${backend.key}|`) && (owner === forget || owner === null)) {
          const settlement = settlements.get(seq)!;
          if (settlement.asked) settlements.set(seq, withoutAnswer(settlement));
          else settlements.delete(seq);
        }
      journal.push(...events);
      const decisions = made.flatMap(({ seq, decision }) => {
        if (decision) apply(seq, decision);
        return decision ?? [];
      });
      forgetIds(({ backend: key, owner }) => key === backend.key && (owner === forget || owner === null));
      return decisions;
    },
    providers: async () => providersNow(),
    heads: async () => headsNow(),
    lots: async (turns, count) => turns.map((turn) => lot(turn, count)),
    load: async (seq) => {
      const entry = entries.get(seq);
      return entry ? { entry: readEntry(entry, seq), body: entry.body ?? bodies.get(seq) ?? null } : null;
    },
    find: async (reference) => named(inOrder(), reference),
    list: async ({ after, limit }) =>
      inOrder()
        .filter((entry) => entry.seq > after)
        .slice(0, limit),
    overview: async (backends, isParked) => {
      const heads = headsNow();
      const counts = backends.map((backend) => {
        const mine = inOrder().filter((entry) => entry.backend === backend);
        const pending = mine.filter((entry) => entry.state === 'pending').length;
        const parkedTurns = heads.filter((head) => head.backend === backend && isParked(head)).map(turnOf);
        return { pending, dead: mine.length - pending, parked: parkedTurns.flatMap((turn) => lot(turn, Infinity)).length };
      });
      return { heads, counts, orphans: inOrder().filter(({ backend }) => !backends.includes(backend)).length };
    },
    takeOver: async (from, { key: to, baseUrl }) => {
      const renamed = (key: string) => (key.startsWith(`${from}|`) ? to + key.slice(from.length) : key);
      for (const entry of inOrder().filter(({ backend }) => backend === from)) {
        const moved = { ...entry, backend: to, baseUrl, key: renamed(entry.key) };
        entries.set(entry.seq, { ...moved, ...(moved.turn && { turn: turnOf(moved) }) });
      }
      for (const [seq, settlement] of settlements) settlements.set(seq, { ...settlement, key: renamed(settlement.key) });
      for (const [seq, given] of ids) if (given.backend === from) ids.set(seq, { ...given, backend: to });
      const record = backends.get(from);
      backends.delete(from);
      if (record && !backends.has(to)) backends.set(to, { ...record, key: to });
    },
    settlement: async (reference) => {
      const newest = named([...settlements.values()], reference).sort((a, b) => a.seq - b.seq).at(-1);
      if (!newest || newest.forgotten) return null;
      const { asked: _, owner: __, ...settlement } = newest;
      return settlement;
    },
    handledSoon: async (request) => handled([request]),
    handled: async (requests) => handled(requests),
    etags: async (backend) => [...etagNotes].flatMap(([key, note]) => (key.startsWith(`${backend}|`) ? [note] : [])),
    forgetSettlements: async (before) => {
      for (const [seq, { at }] of settlements) if (at <= before) settlements.delete(seq);
    },
    resolve: async (given, dependents) => {
      ids.set(given.seq, given);
      return decideDependents(given.seq, dependents);
    },
    forgetIds: async (before, now) => forgetIds(({ at }) => at <= before, now),
    journal: async () => journal.slice(-500),
  });
}
