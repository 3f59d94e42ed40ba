import type { Driver } from './driver.js';
import type { Op } from './op.js';
import type { Step } from './plan.js';
import type { Heard, Kill, Moment, Post } from './record.js';
import type { ChaosServer } from './server.js';
import { after, atMost } from './waiting.js';

/** How long a patient post holds up the next step, and how long a request may take to reach the server. */
const PATIENCE_MS = 700;
const ARRIVAL_MS = 400;

export interface Stage {
  driver: Driver;
  server: ChaosServer;
  now: () => Moment;
  publishWorker: () => void;
  posts: Post[];
  kills: Kill[];
  /** What goes on while the next steps are made. */
  underWay: Set<Promise<unknown>>;
}

/** Makes one step of the plan. */
export async function perform(step: Step, stage: Stage): Promise<void> {
  const { driver, server, publishWorker } = stage;
  switch (step.do) {
    case 'post': {
      const heard = post(step.op, step.tab, stage);
      if (step.patient) await atMost(heard, PATIENCE_MS);
      return;
    }
    case 'burst':
      await atMost(Promise.all(step.ops.map((op) => post(op, step.tab, stage))), PATIENCE_MS);
      return;
    case 'weather':
      return server.weather(step.weather);
    case 'lull':
      return after(step.ms);
    case 'stop':
      return stopWorker(stage);
    case 'stop-in-flight': {
      server.dawdle(step.op.id);
      const arrival = server.arrival(step.op.id);
      void post(step.op, step.tab, stage);
      await (step.at === 'arrival' ? atMost(arrival, ARRIVAL_MS) : after(step.at));
      return stopWorker(stage);
    }
    case 'kill-server':
      void killServer(step.op, stage);
      await atMost(post(step.op, step.tab, stage), PATIENCE_MS);
      return;
    case 'kill':
      for (const op of step.inFlight) void post(op, step.tab, stage);
      await after(step.afterMs);
      await kill(stage);
      return driver.relaunch();
    case 'reload':
    case 'open':
      return driver.load(step.tab);
    case 'close':
      return driver.close(step.tab);
    case 'sign-in':
      return driver.signIn(step.tab, step.user);
    case 'pause':
    case 'resume':
    case 'replay':
      meanwhile(driver.page(step.tab).evaluate((name) => chaos.command(name), step.do), stage);
      return;
    case 'update':
      publishWorker();
      meanwhile(driver.page(step.tab).evaluate(() => chaos.update()), stage);
      return;
    case 'lapse':
      return server.lapse();
  }
}

/** Makes a post, and notes what the page hears of it. Never rejects. */
function post(op: Op, tab: number, stage: Stage): Promise<void> {
  const noted: Post = { op, tab, called: stage.now(), answered: null, heard: null };
  stage.posts.push(noted);
  const heard = stage.driver
    .page(tab)
    .evaluate((op) => chaos.post(op), op)
    .catch((): Heard => ({ kind: 'gone' }))
    .then((heard) => {
      noted.answered = stage.now();
      noted.heard = heard;
    });
  meanwhile(heard, stage);
  return heard;
}

async function stopWorker({ driver, kills, now }: Stage): Promise<void> {
  const from = now();
  if (await driver.stopWorker()) kills.push({ what: 'worker', from, to: now() });
}

async function kill({ driver, kills, now }: Stage): Promise<void> {
  const from = now();
  await driver.kill();
  kills.push({ what: 'browser', from, to: now() });
}

/** The write may come later: it may wait for the network, or a token. */
async function killServer(op: Op, { server, kills, now }: Stage): Promise<void> {
  const isKilled = await server.killOver(op.id);
  const from = now();
  if (isKilled) kills.push({ what: 'server', from, to: now() });
}

/** A call may die with its page, or with a worker: the run is about what becomes of the posts. */
function meanwhile(work: Promise<unknown>, { underWay }: Stage): void {
  const ended = work.catch(() => {}).finally(() => underWay.delete(ended));
  underWay.add(ended);
}
