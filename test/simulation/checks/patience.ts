import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { BackendRecord } from '../../../sw/policy/backend-record.js';
import type { Circuit } from '../../../sw/policy/circuit.js';
import type { Process } from '../agenda.js';
import { Worker } from '../browser/worker.js';
import { opOf } from '../history.js';
import type { World } from '../world.js';
import { entryOf, isReplay } from './replays.js';

interface Sent {
  op: number;
  /** The page's own request, and no replay. */
  isPages: boolean;
  /** The outage that its worker had written when it went out, by its beginning. */
  outage: number;
  /** Answers that the worker had had from the backend. */
  answers: number;
}

/** What a worker has heard from a backend. */
interface Heard {
  flying: Sent[];
  answers: number;
  /** When the last of them came. */
  answeredAt: number;
  /** When it was asked to be patient, and until when, in milliseconds from the beginning. */
  askedAt: number;
  patientUntil: number;
}

/** What was planned before a server asked for patience is on its way within this, in milliseconds. */
const PLANNED_MS = 100;

/** Looks at how a server is treated that isn't there, or doesn't want to be asked. */
export function watchPatience(world: World): void {
  const { agenda, chances, disk, history, network } = world;
  const workers = new WeakMap<Worker, Map<string, Heard>>();
  /** By backend: when it has answered anything but "later", whichever worker asked: the next one finds that on disk. In milliseconds since the epoch. */
  const servedAt = new Map<string, number>();

  /** By worker and backend: one that an update has replaced writes on, and what it knows isn't what the other one does. */
  const circuits = new WeakMap<Process, Map<string, { circuit: Circuit; at: number }>>();
  disk.onCommit.push(({ process, changes }) => {
    const mine = circuits.get(process) ?? new Map<string, { circuit: Circuit; at: number }>();
    circuits.set(process, mine);
    for (const { store, after } of changes) {
      if (store !== 'backends' || !after) continue;
      const { key, circuit } = after as BackendRecord;
      mine.set(key.slice(key.lastIndexOf('%2F') + 3), { circuit, at: agenda.now });
    }
  });

  const heardOf = (worker: Worker, url: string): Heard => {
    const mine = workers.get(worker) ?? new Map<string, Heard>();
    workers.set(worker, mine);
    const backend = backendOf(url);
    const heard = mine.get(backend) ?? { flying: [], answers: 0, answeredAt: -Infinity, askedAt: 0, patientUntil: 0 };
    mine.set(backend, heard);
    return heard;
  };

  network.onSend.push((process, { url, headers }) => {
    if (!(process instanceof Worker) || headers[IDEMPOTENCY_HEADER] === undefined) return;
    const heard = heardOf(process, url);
    const op = opOf(url);
    const isPages = !isReplay(world, process, op);
    if (!isPages) {
      isPatient(process, op, heard);
      isAlone(process, op, heard);
    }
    oneProbe(process, { op, isPages, outage: outageOf(process, url, heard), answers: heard.answers }, heard);
  });

  network.onEnd.push((process, { url, headers }, answer) => {
    if (!(process instanceof Worker) || headers[IDEMPOTENCY_HEADER] === undefined) return;
    const heard = heardOf(process, url);
    heard.flying = heard.flying.filter(({ op }) => op !== opOf(url));
    if (!answer) return;
    heard.answers++;
    heard.answeredAt = agenda.now;
    // A 500 is the application's own: it's there again.
    if (![429, 502, 503, 504].includes(answer.status)) servedAt.set(backendOf(url), world.now());
    const asked = Number(answer.headers['retry-after'] ?? 0) * 1_000;
    // A server that's still at the first request asks to be left alone with this one.
    if (asked > 0 && answer.status !== 409) Object.assign(heard, { askedAt: agenda.now, patientUntil: Math.max(heard.patientUntil, agenda.now + asked) });
  });

  /** Since when the backend doesn't answer, as the worker has written; 0 where it does, or has since. */
  const outageOf = (worker: Worker, url: string, { answeredAt }: Heard): number => {
    const { circuit, at = 0 } = circuits.get(worker)?.get(backendOf(url)) ?? {};
    return circuit?.state === 'open' && at > answeredAt ? circuit.since : 0;
  };

  /** While a backend answers nothing, one request at a time finds out whether it does: a replay, or, where none may, a page's own. */
  const oneProbe = (worker: Worker, sent: Sent, heard: Heard): void => {
    const other = heard.flying.find(({ op, outage, answers }) => op !== sent.op && outage > 0 && outage === sent.outage && answers === sent.answers);
    // What came again is sent as it would have been before.
    if ([sent.op, other?.op].some((op) => (history.posts.get(op ?? NaN)?.deaths ?? 0) > 0)) return void heard.flying.push(sent);
    if (other && !(isBound(sent) && isBound(other))) return void heard.flying.push(sent);
    const check = !sent.isPages && other?.isPages ? 'no replay beside a page as the probe' : 'one probe at a time';
    // An answer of a moment ago closes the circuit that a failure has opened meanwhile.
    if (other && !chances.wasSlow && agenda.now > heard.answeredAt + PLANNED_MS) history.violated(check, `${worker.name} sends it while it waits for what becomes of op ${other.op}`, sent.op, other.op);
    heard.flying.push(sent);
  };

  /**
   * Whether one at a time counts for it. A page's own request is sent whatever is known, when it isn't kept (for want of room
   * or of a storage, or as nothing is to be captured), or when it came before the outage and had to be written first.
   */
  const isBound = ({ op, isPages, outage }: Sent): boolean => {
    const { calledAt = 0, isPassed = false } = history.posts.get(op) ?? {};
    const calledBefore = world.now() - (agenda.now - calledAt) < outage + PLANNED_MS;
    return !isPages || !(calledBefore || isPassed || history.full.has(op) || isEverOff(world));
  };

  const isResting = (op: number): boolean => {
    const entry = entryOf(world, op);
    return entry?.reason === 'server-unavailable' && entry.sentAt > (servedAt.get(backendOf(entry.request.url)) ?? 0);
  };

  /** A server that has said "not now" until all retries were used up is asked by one entry at a time. */
  const isAlone = (worker: Worker, op: number, heard: Heard): void => {
    const other = heard.flying.find((sent) => sent.op !== op && !sent.isPages && sent.answers === heard.answers && isResting(sent.op));
    if (other && isResting(op) && !chances.wasSlow) history.violated('a server that rests is asked by one', `${worker.name} sends it while it waits for what becomes of op ${other.op}`, op, other.op);
  };

  /** No replay goes to a server that has asked to be left alone for a while. */
  const isPatient = (worker: Worker, op: number, { askedAt, patientUntil }: Heard): void => {
    const leftMs = patientUntil - agenda.now;
    // A worker's clock has whole milliseconds.
    if (leftMs >= 1 && agenda.now > askedAt + PLANNED_MS && !chances.wasSlow) history.violated('a server is left alone when it asks', `${worker.name} replays ${Math.round(leftMs)} ms too early`, op);
  };
}

/** Whether anybody has switched capturing off in this run. */
const isEverOff = ({ history, server }: World): boolean =>
  history.calls.some(({ name }) => name === 'switch') || server.said.some(({ offlineMode }) => !offlineMode);

const backendOf = (url: string): string => new URL(url).pathname.split('/')[1] ?? '';
