import type { SyncApi } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { Ports } from '../ports.js';
import { createAdoption, type Adopt } from './adoption.js';
import { createAnswers } from './capture/page-answer.js';
import { createBackend, type BackendConfig } from './backend/backend.js';
import { createCapture } from './capture/capture.js';
import { createChanges } from './backend/connectivity.js';
import { createCommands } from './calls/calls.js';
import { createDoubts } from './workers/doubts.js';
import { createEnqueue } from './capture/enqueue.js';
import { createHeads } from './backend/heads.js';
import { createHolds } from './auth/tokens.js';
import { createIntercept } from './capture/intercept.js';
import { createLaunch } from './capture/launch.js';
import { createListing } from './calls/listing.js';
import { createNeighbours, workerLock } from './workers/neighbours.js';
import { createOverhear, type Overhear } from './capture/overhear.js';
import { createRemoteConfig, type RemoteConfig } from './backend/remote-config.js';
import { createReplay } from './drain/replay.js';
import { createReport, type Report } from './report.js';
import { createScheduler, type Scheduler } from './drain/drain.js';
import { createSessions } from './auth/sessions.js';
import { createState, type State } from './backend/backends.js';
import { createUnanswered } from './workers/redelivery.js';

export interface PipelineParts {
  ports: Ports;
  configs: readonly BackendConfig[];
  /** The URL of the worker's script. */
  location: string;
  /** Names this worker. */
  instance: string;
  onEvent?: ((event: SyncEvent) => void) | undefined;
  locale?: string | undefined;
}

export interface Pipeline {
  state: State;
  report: Report;
  scheduler: Scheduler;
  remote: RemoteConfig;
  /** Lets the connectivity gates look again; `isNews` when it may be another network by now. */
  connectivityChanged(isNews: boolean): void;
  /** To be called first thing in the worker's `activate` event. */
  activated(): void;
  api: SyncApi;
  intercept: ReturnType<typeof createIntercept>;
  overhear: Overhear;
  adopt: Adopt;
}

/** Puts the parts of the pipeline together, around what they need of the world. */
export function createPipeline({ ports, configs, location, instance, onEvent, locale }: PipelineParts): Pipeline {
  ports.locks.keep(workerLock(instance));
  const neighbours = createNeighbours(ports.locks, instance);
  const doubts = createDoubts(neighbours, instance);
  const report = createReport(ports, doubts, onEvent);
  const unanswered = createUnanswered(ports, neighbours, instance);
  const changes = createChanges();
  const holds = createHolds(ports, report);
  const state = createState(configs.map((config) => createBackend(config, ports, changes)), {
    outbox: ports.outbox,
    unanswered,
    doubts,
    neighbours,
    location,
    locale: locale ?? null,
    loaded: () => holds.tellUntold(state.backends.values()),
  });
  const heads = createHeads({ outbox: ports.outbox, neighbours, state });
  const listing = createListing(ports, state);
  const replay = createReplay({ ports, report, holds, listing, state, doubts });
  const scheduler = createScheduler({ ports, report, holds, state, replay, unanswered, doubts, heads, instance });
  const answerFor = createAnswers(report, listing);
  const enqueue = createEnqueue({ ports, report, scheduler, answerFor, neighbours, instance });
  const launch = createLaunch({ ports, report, holds, state, scheduler, enqueue, answerFor, doubts });
  const capture = createCapture({ ports, report, holds, scheduler, enqueue, launch, answerFor, unanswered, neighbours, heads, instance });
  const connectivityChanged = (isNews: boolean) => {
    if (isNews) for (const { validation } of state.backends.values()) validation.doubt();
    changes.tell();
  };
  const remote = createRemoteConfig({ ports, report, state, changed: () => void scheduler.look() });
  const sessions = createSessions(ports, report, neighbours);
  const api = createCommands({ ports, state, report, holds, sessions, listing, scheduler, remote, neighbours, doubts, connectivityChanged });
  const overhear = createOverhear({ holds, scheduler, state });
  const intercept = createIntercept({ capture, state, report, overhear, scheduler, remote, mayComeAgain: unanswered.mayCome, send: ports.send });
  const adopt = createAdoption({ ports, report, scheduler, state });
  return { state, report, scheduler, remote, connectivityChanged, activated: unanswered.activated, api, intercept, overhear, adopt };
}
