import type { BackendConfig } from '../config.js';
import type { Ports } from '../ports.js';
import type { Calls } from '../protocol/comlink.js';
import type { SyncEvent } from '../protocol/events.js';
import { createCsrfFor } from './auth/csrf.js';
import { createSessions } from './auth/sessions.js';
import { createHolds } from './auth/tokens.js';
import { createBackend } from './backend/backend.js';
import { createState, type State } from './backend/backends.js';
import { createConnectivityNews } from './backend/connectivity.js';
import { createDescribeEntry } from './backend/describe-entry.js';
import { createHeads } from './backend/heads.js';
import { createRemoteConfig, type RemoteConfig } from './backend/remote-config.js';
import { createServerClocks } from './backend/server-clock.js';
import { createCalls } from './calls/calls.js';
import { createListing } from './calls/listing.js';
import { createCapture } from './capture/capture.js';
import { createCoalescing } from './capture/coalescing.js';
import { createDiskCopies } from './capture/disk-copy.js';
import { createEnqueue } from './capture/enqueue.js';
import { createFirstSend } from './capture/first-send.js';
import { createIntercept } from './capture/intercept.js';
import { createNaming } from './capture/naming.js';
import { createOverhear, type Overhear } from './capture/overhear.js';
import { createPageAnswer } from './capture/page-answer.js';
import { createDrain, type Drain } from './drain/drain.js';
import { createReplay } from './drain/replay.js';
import { Line } from './line.js';
import { Providers } from './providers.js';
import { createReport, type Report } from './report.js';
import { createJudge } from './send/judge.js';
import { createRealIdIn } from './send/real-ids.js';
import { createDoubts } from './workers/doubts.js';
import { workerLock, type Neighbours } from './workers/neighbours.js';
import { createRedelivery } from './workers/redelivery.js';

export interface PipelineParts {
  ports: Ports;
  configs: readonly BackendConfig[];
  /** The URL of the worker's script. */
  location: string;
  /** Names this worker. */
  workerId: string;
  neighbours: Neighbours;
  onEvent?: ((event: SyncEvent) => void) | undefined;
  locale?: string | undefined;
}

export interface Pipeline {
  state: State;
  report: Report;
  drain: Drain;
  remote: RemoteConfig;
  /** Lets the connectivity gates look again; `isNews` when the network may be another one by now. */
  connectivityChanged(isNews: boolean): void;
  /** Must be called first in the worker's `activate` event. */
  activated(): void;
  calls: Calls;
  intercept: ReturnType<typeof createIntercept>;
  overhear: Overhear;
}

/** Puts the parts of the pipeline together, around the ports. */
export function createPipeline({ ports, configs, location, workerId, neighbours, onEvent, locale }: PipelineParts): Pipeline {
  ports.locks.keep(workerLock(workerId));
  const doubts = createDoubts(neighbours, workerId);
  const line = new Line();
  const providers = new Providers(ports.outbox);
  const report = createReport(ports, doubts, line, providers, onEvent);
  const redelivery = createRedelivery(ports, neighbours, line, workerId);
  const connectivity = createConnectivityNews();
  const clockOf = createServerClocks();
  const holds = createHolds(ports, report);
  const state = createState(configs.map((config) => createBackend(config, ports, connectivity, clockOf(config.baseUrl), providers)), {
    outbox: ports.outbox,
    log: ports.log,
    redelivery,
    doubts,
    neighbours,
    providers,
    location,
    locale: locale ?? null,
    loaded: () => holds.tellUntold(state.backends.values()),
  });
  const heads = createHeads({ outbox: ports.outbox, report, line, neighbours, state, providers });
  const describe = createDescribeEntry(state, ports.clock);
  const listing = createListing(ports, state, describe);
  const csrfFor = createCsrfFor(ports);
  const realIdIn = createRealIdIn(ports);
  const judge = createJudge({ ports, holds, csrfFor, state });
  const replay = createReplay({ ports, report, judge, holds, csrfFor, describe, state, doubts, line, neighbours, providers, realIdIn });
  const drain = createDrain({ ports, report, holds, state, replay, redelivery, doubts, heads });
  const { nudge } = drain;
  const answerFor = createPageAnswer(ports, report, describe);
  const enqueue = createEnqueue({ ports, report, nudge, answerFor, neighbours, coalescing: createCoalescing(ports), workerId });
  const copies = createDiskCopies({ ports, report, state, nudge, enqueue, answerFor, doubts, providers });
  const firstSend = createFirstSend({ ports, judge, realIdIn });
  const capture = createCapture({ ports, report, holds, nudge, enqueue, copies, firstSend, answerFor, redelivery, neighbours, heads, providers, naming: createNaming(ports, providers, neighbours), workerId });
  const connectivityChanged = (isNews: boolean) => {
    if (isNews) for (const { validation } of state.backends.values()) validation.invalidate();
    connectivity.tell();
  };
  const remote = createRemoteConfig({ ports, report, state, changed: () => void nudge() });
  const sessions = createSessions(ports, report, neighbours);
  const calls = createCalls({ ports, state, report, holds, sessions, listing, describe, drain, remote, neighbours, doubts, providers, connectivityChanged });
  const overhear = createOverhear({ holds, nudge, state });
  const intercept = createIntercept({ capture, state, report, overhear, nudge, remote, mayComeAgain: redelivery.mayCome, send: ports.send });
  return { state, report, drain, remote, connectivityChanged, activated: state.activated, calls, intercept, overhear };
}
