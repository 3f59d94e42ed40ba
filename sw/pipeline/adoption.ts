import { turnOf } from '../policy/entry-record.js';
import { transition } from '../policy/entry.js';
import { maskUrl } from '../policy/secrets.js';
import type { OldQueue, OldRow, Ports } from '../ports.js';
import { joinKey } from '../protocol/ids.js';
import type { State } from './backend/backends.js';
import { readDirectives } from './capture/directives.js';
import { queued } from './capture/enqueue.js';
import { describeExchange } from './capture/exchange.js';
import { backendFor } from './capture/intercept.js';
import { DRAIN_LOCK, type Drain } from './drain/drain.js';
import type { Report } from './report.js';

/** Takes over the requests of another library's queue. Returns how many it took. */
export type Adopt = (open: () => Promise<OldQueue | null>) => Promise<number>;

type Taken = { kind: 'taken'; seq: number } | { kind: 'known' | 'stays' | 'full' };

export interface AdoptionParts {
  ports: Ports;
  report: Report;
  drain: Drain;
  state: State;
}

/**
 * Each row of the old queue becomes an entry, and is removed afterwards.
 *
 * ```
 *  old queue:  row ─────────────────────────────────▶ removed, if it's still there
 *  outbox:           written, under an id made              │ else the old queue has taken it to send
 *                    of what the row holds                  ▼ meanwhile: cancelled here
 * ```
 * The adoption holds the drain's lock, so that no entry is sent before its row is removed, or found to be gone. When a
 * worker dies in between, the next one finds the remaining rows' entries in the outbox, and only removes the rows. So it does
 * with a row that the old queue had taken before, and puts back.
 */
export function createAdoption({ ports, report, drain, state }: AdoptionParts): Adopt {
  const { clock, digest, locks, log, outbox } = ports;

  /** The content of a row as a digest: the same when the old queue takes the row out and puts it back, under whatever number. */
  const digestOf = async ({ at, what, request }: OldRow) => digest(`${at} ${what} ${await request().text()}`);

  async function take({ at, what, request: restored }: OldRow, id: string): Promise<Taken> {
    const stays = (why: string, ...error: unknown[]): Taken => {
      log.warn(`[holdfast] ${maskUrl(what)} stays in the old queue: ${why}`, ...error);
      return { kind: 'stays' };
    };
    let request: Request;
    let directives;
    try {
      request = restored();
      directives = readDirectives(request.headers);
    } catch (error) {
      return stays("it can't be made a request again", error);
    }
    const backend = backendFor(request, state, (message, error) => log.warn(message, error));
    if (!backend) return stays("it's no backend's");
    const { config, lanes } = backend;
    directives.id = id;
    const key = joinKey(config.namespace, config.baseUrl, id);
    if ((await outbox.find(key)).length > 0 || (await outbox.settlement(key))) return { kind: 'known' };

    const lane = directives.lane ?? config.lane(request);
    const ticket = backend.arrivals.take(lane);
    try {
      const described = await describeExchange(request, directives, backend, { lane, clientId: '' }, ports).catch(
        (error: unknown) => stays("its body can't be read", error),
      );
      if ('kind' in described) return described;
      // A stored token names the request's owner. The token may be old, so it isn't learnt.
      const { draft: made, body } = described;
      // The owner of a request by cookie isn't known; the old queue would have sent it as whoever is signed in.
      const draft = { ...made, capturedAt: at, agesFrom: at, ...(made.session && { owner: null }) };
      draft.turn = turnOf(draft);
      const now = clock.now();
      lanes.writeStarted(draft.turn);
      const result = await report.capture({
        draft,
        body,
        limits: config.limits,
        backend: backend.record,
        whenWaiting: 'refuse',
        isInFlight: () => false,
        decide: (entry) => queued(entry, { reason: 'unreachable' }, now),
      }).finally(() => lanes.writeEnded(draft.turn, true));
      if (result.kind === 'stored') return { kind: 'taken', seq: result.seq };
      if (result.kind === 'refused') return { kind: 'known' };
      stays('the outbox is full');
      return { kind: 'full' };
    } finally {
      ticket.release();
    }
  }

  async function takeAll(queue: OldQueue): Promise<number> {
    const taken = new Map<number, Taken>();
    const named = new Map<string, OldRow>();
    // Equal rows are numbered from the last one on: should there be room for the first of them alone, the others keep their ids.
    for (const row of (await queue.rows()).reverse()) {
      let id = `workbox-${await digestOf(row).catch(() => row.id)}`;
      while (named.has(id)) id += '-';
      named.set(id, row);
    }
    try {
      for (const [id, row] of [...named].reverse()) {
        const made = await take(row, id);
        // Later rows must not overtake a row that finds no room.
        if (made.kind === 'full') break;
        if (made.kind !== 'stays') taken.set(row.id, made);
      }
    } catch (error) {
      // Once they're delivered and forgotten, rows that stayed in the old queue would be taken again.
      await leave(queue, taken);
      throw error;
    }
    return leave(queue, taken);
  }

  /** Removes the rows that were taken from the old queue. Returns how many it was that did it. */
  async function leave(queue: OldQueue, taken: ReadonlyMap<number, Taken>): Promise<number> {
    const removed = await queue.remove([...taken.keys()]);
    for (const [id, made] of taken) {
      if (made.kind !== 'taken' || removed.has(id)) continue;
      const { seq } = made;
      // No settlement: what the old queue can't send either it puts back, and it isn't known here then.
      await report.commit({
        seq,
        decide: (entry) => {
          const decision = transition(entry, { type: 'cancelled', inFlight: true }, clock.now());
          return decision && { ...decision, settlement: null };
        },
      });
    }
    return removed.size;
  }

  return async (open) => {
    await state.ready();
    const queue = await open();
    if (!queue) return 0;
    try {
      return await locks.exclusive(DRAIN_LOCK, () => takeAll(queue));
    } finally {
      queue.close();
      ports.askForWakeUp();
      void drain.nudge();
    }
  };
}
