import type { EntryInfo } from '../../sw/protocol/api.js';
import type { User } from './op.js';
import type { Stage } from './perform.js';
import { atMost, until } from './waiting.js';

/** The next entry is delivered within this. */
const DRAIN_MS = 60_000;
const ANSWERS_MS = 15_000;
const CALL_MS = 12_000;

/** Ends all faults and waits until everybody's entries are delivered. Gives what is left over. */
export async function finish(stage: Stage, tabs: number): Promise<EntryInfo[]> {
  const { driver, server, underWay } = stage;
  await server.calm();
  for (let tab = 0; tab < tabs; tab++) if (!driver.openTabs().includes(tab)) await driver.load(tab);
  for (const user of ['ann', 'bob'] as const) {
    for (let tab = 0; tab < tabs; tab++) await driver.signIn(tab, user);
    await drain(user, stage);
  }
  // What the page still waits for is answered by now, or it never is.
  await atMost(Promise.all(underWay), ANSWERS_MS);
  return entries(stage);
}

/** Goes on for as long as entries are delivered. */
async function drain(user: User, stage: Stage): Promise<void> {
  let left = Infinity;
  const isLess = async () => {
    const waiting = await push(user, stage);
    const goesOn = waiting < left;
    left = Math.min(left, waiting);
    return goesOn;
  };
  while (left > 0 && (await until(isLess, DRAIN_MS)));
}

/** Does what sends a user's entries, and counts those that wait. */
async function push(user: User, stage: Stage): Promise<number> {
  const { driver, server } = stage;
  const page = driver.page(0);
  // A worker that dies swallows a call, and one that's late may pause the outbox again.
  const call = (work: Promise<unknown>) => work.catch(() => {});
  await call(page.evaluate(() => chaos.command('resume')));
  const waiting = (await entries(stage)).filter(({ owner, state }) => owner === user && state !== 'dead');
  if (waiting.length === 0) return 0;
  if (waiting.some(({ state }) => state === 'held' || state === 'parked')) {
    const token = await server.tokenFor(user);
    await call(page.evaluate((token) => chaos.provideToken(token), token));
  }
  await call(page.evaluate(() => chaos.command('replay')));
  return waiting.length;
}

async function entries({ driver }: Stage): Promise<EntryInfo[]> {
  const found = await atMost(driver.page(0).evaluate(() => chaos.entries()), CALL_MS);
  if (!found) throw new Error('the worker gives no list of its entries');
  return found;
}
