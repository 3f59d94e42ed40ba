import { QueueStore } from 'workbox-background-sync/lib/QueueStore.js';
import { createAdoption, type AdoptionParts } from '../../sw/pipeline/adoption.js';
import { restoreRequest } from '../../sw/platform/transport.js';
import { workboxQueue } from '../../sw/platform/workbox-queue.js';
import type { OldQueue } from '../../sw/ports.js';
import { DIRECTIVES } from '../../sw/protocol/headers.js';
import { FETCH_DEFAULTS } from '../support/records.js';
import type { Process } from './agenda.js';
import { bodyOf } from './bodies.js';
import { withBlob } from './browser/fetch-event.js';
import { QUEUES, type OldQueueDeed } from './deeds/old-queue.js';
import { hosts } from './disk/idb.js';
import { ORIGIN } from './setup.js';
import { tokenFor } from './tokens.js';
import type { World } from './world.js';

export const OLD_DATABASE = 'workbox-background-sync';
export const OLD_STORE = 'requests';

type Owe = Extract<OldQueueDeed, { do: 'owe' }>;

/** What workbox-background-sync 7 has written of a request. */
export interface OldRow {
  id: number;
  queueName: string;
  timestamp: number;
  requestData?: Parameters<typeof restoreRequest>[0] & { body?: ArrayBuffer };
}

/** Something that a queue owes when the run begins. */
export function owe(world: World, { queue, op, method, user, agoMs, flaw }: Owe): void {
  const { agenda, history, now, oldQueue, setup } = world;
  if (oldQueue.version === 0) {
    oldQueue.createTable(OLD_STORE, { keyPath: 'id', autoIncrement: true }).indexes.set('queueName', 'queueName');
    oldQueue.version = 3;
  }
  const { body, type } = bodyOf(op);
  const timestamp = now() - agoMs;
  const issuedAt = Math.floor(timestamp / 1_000);
  const token = tokenFor({ user, issuedAt, expiresAt: issuedAt + setup.tokenS, serial: 0 }, setup.tokens);
  const backend = flaw === 'nobodys' ? 'other' : op.backend;
  const table = oldQueue.tables.get(OLD_STORE)!;
  const row: OldRow = {
    id: table.nextKey++,
    queueName: queue,
    timestamp,
    requestData: {
      url: `${ORIGIN}/${backend}/${op.isAnonymous ? 'open' : 'notes'}/${op.id}`,
      method: flaw === 'method' ? 'TRACE' : method,
      headers: {
        'content-type': type,
        ...(!op.isAnonymous && { authorization: `Bearer ${token}` }),
        ...(op.lane !== null && { [DIRECTIVES.lane]: op.lane }),
        ...(flaw === 'directive' && { [DIRECTIVES.mode]: 'nonsense' }),
      },
      ...FETCH_DEFAULTS,
      body: new TextEncoder().encode(body).buffer,
    },
  };
  if (flaw === 'blank') delete row.requestData;
  table.put(row.id, row);
  if (flaw !== null) return;
  history.owed.set(op.id, { takenBy: 'nobody', wasWorkboxs: false });
  history.posts.set(op.id, {
    op,
    page: `workbox ${queue}`,
    condition: null,
    user: op.isAnonymous ? null : user,
    calledAt: agenda.now - agoMs,
    order: history.next(),
    heard: null,
    givenAt: Infinity,
    isLeft: true,
    diedBare: false,
    deaths: 0,
    said: 0,
    isSettled: true,
    isPassed: false,
  });
}

/** What the app's worker does at each start, as the docs say, and `install` at the activation. */
export function adoptQueues({ setup, history, agenda, chances }: World, parts: AdoptionParts): void {
  if (!setup.adopts) return;
  const open = async (name: string): Promise<OldQueue | null> => {
    const queue = await workboxQueue(name);
    const rows = async () => (await queue!.rows()).map((row) => ({ ...row, request: () => withBlob({ agenda, chances }, row.request()) }));
    return queue && { ...queue, rows };
  };
  const adopt = createAdoption(parts);
  for (const name of QUEUES)
    adopt(() => open(name)).then(
      (count) => history.trace(() => `has adopted ${count} of ${name}`),
      (error: unknown) => history.trace(() => `the queue ${name} can't be taken over: ${String(error)}`),
    );
}

let oldWorkers = 0;

/** An older worker, with the real workbox in it. */
class OldWorker implements Process {
  readonly name = `workbox-${oldWorkers++}`;
  isAlive = true;

  constructor(readonly world: World) {
    hosts.set(this.name, { process: this, disk: world.oldQueue, beside: world.beside, port: () => {} });
  }

  /** `Queue.replayRequests`, which takes each off the disk, sends it, and puts it back when nobody has answered. */
  async replay(queue: string): Promise<void> {
    const store = new QueueStore(queue);
    for (let row = await store.shiftEntry(); row; row = await store.shiftEntry()) {
      const { requestData, timestamp } = row as unknown as Required<OldRow>;
      const { body, ...data } = requestData;
      try {
        const request = restoreRequest(data, body ?? null);
        for (const name of Object.values(DIRECTIVES)) request.headers.delete(name);
        await this.world.network.send(this, request, new AbortController().signal);
      } catch {
        await store.unshiftEntry({ requestData, timestamp } as never);
        return;
      }
    }
  }

  die(): void {
    this.isAlive = false;
    hosts.delete(this.name);
    this.world.oldQueue.died(this);
  }
}

export function replayOld(world: World, { queue, forMs }: Extract<OldQueueDeed, { do: 'old-replay' }>): void {
  if (world.oldQueue.version === 0) return;
  const worker = new OldWorker(world);
  const failed = (error: unknown) => world.history.trace(() => `${worker.name} breaks off: ${String(error)}`);
  world.agenda.in(0, worker, () => void worker.replay(queue).catch(failed));
  world.agenda.in(forMs, null, () => worker.die());
}
