import type { BackendRecord } from '../../sw/policy/backend-record.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { standingStill } from './checks/ids.js';
import { rowsLeft } from './checks/old-queue.js';
import { changeSession } from './deeds/sessions.js';
import { opOfEntry } from './history.js';
import { open, setOnline } from './perform.js';
import type { World } from './world.js';

/** The longest backoff is five minutes, of a server that rests; what waits for it in a lane comes after. */
const LONGEST_MS = 330_000;

/** What isn't refused is delivered so long after the faults' end, in milliseconds. */
const OTHERS_MS = 120_000;

/** So many workers have a look at what's owed elsewhere. */
const ADOPTIONS = 4;

/** An app tries again after so long, as the client's own token source does. In milliseconds. */
const AGAIN_MS = 6_000;

const USERS = ['ann', 'bob', 'ann'];

/** The faults are over. Each user comes by, and all that may move has time to be delivered. */
export async function calmDown(world: World): Promise<void> {
  const { agenda, app, browser, chances, disk, history, network } = world;
  const begin = agenda.now;
  /** What waits and isn't refused, by op: whose it is. */
  const others = new Map(disk.all<EntryRecord>('entries').flatMap((entry): [number, string | null][] => (entry.state === 'pending' && !isHopeless(world, entry) ? [[opOfEntry(entry), entry.owner]] : [])));
  network.weather = null;
  network.portalSince = null;
  world.server.documents.rivals.clear();
  chances.slowShare = 0;
  for (const { faults } of [disk, world.oldQueue]) Object.assign(faults, { full: 0, unopened: 0, lost: null });
  for (const page of world.pages) page?.streams.forEach(({ end }) => agenda.in(0, page, end));
  app.works = true;
  for (const worker of browser.workers) Object.assign(worker, { diesIn: Infinity, diesAt: null });
  for (const stranger of world.strangers) stranger.die();
  if (browser.isBehind) browser.update();
  setOnline(world, true);
  open(world, 0);
  const page = world.pages[0]!;
  await agenda.run(agenda.now + 15_000);
  const say = async (name: string, ask: Parameters<typeof page.call>[2]) => {
    agenda.in(0, page, () => void page.call(name, null, ask));
    await agenda.run(agenda.now + 12_000);
  };
  // Nothing is said that the app wouldn't say: each call wakes the worker, and may hide that nothing else would have.
  const hasSaid = (name: string) => history.calls.some((call) => call.name === name);
  if (hasSaid('pause')) await say('resume', (client) => client.resume());
  if (hasSaid('switch')) await say('unswitch', (client) => client.configure({ offlineMode: null }));
  if (page.document.visibilityState === 'hidden') agenda.in(0, page, () => page.show(true));
  // What's owed elsewhere is looked for when a worker starts.
  for (let left = ADOPTIONS; left > 0 && world.setup.adopts && rowsLeft(world).length > 0; left--) {
    browser.activeWorker?.die('as the browser wants its memory');
    await say('status', (client) => client.status());
  }
  for (const user of USERS) {
    let since = begin;
    // It's the app that says who is there: after another user nobody asks for this one's token.
    const isUnheard = disk.all<BackendRecord>('backends').some(({ signedOut, last }) => signedOut || (last && last.owner !== user));
    // A session by cookie that nobody has ended may be over all the same.
    const isOver = world.setup.sessions === 'cookie' && app.cookie !== user;
    if (app.user !== user || isUnheard || isOver) {
      agenda.in(0, page, () => {
        if (world.setup.sessions === 'cookie') return void changeSession(world, page, user);
        const token = app.signIn(user);
        void page.call('provideToken', null, (client) => client.provideToken(token)).then((said) => {
          // Whoever is told that a fresh token is over brings another one: by two of them a worker sees how far its device's clock is off.
          if (said === 'ignored: expired') agenda.in(AGAIN_MS, page, () => void page.call('provideToken', null, (client) => client.provideToken(app.freshToken(user))));
        });
      });
      since = agenda.now;
      await agenda.run(agenda.now + 5_000);
    }
    if (world.setup.hasHook) {
      const hasOthers = () => isMoving(world, user, (entry) => !isHopeless(world, entry));
      for (const [op, owner] of others) if (!world.owed.has(op) && (owner === null || owner === user)) world.owed.set(op, since);
      while (agenda.now < since + OTHERS_MS && hasOthers()) await agenda.run(agenda.now + 1_000);
      if (hasOthers()) world.history.violated('one bad write stops no other', `${user}'s wait two minutes after the faults' end: ${waitingOf(world, user).map((entry) => `op ${opOfEntry(entry)} ${entry.reason}`).join(', ')}`, ...waitingOf(world, user).map(opOfEntry));
    }
    const end = agenda.now + LONGEST_MS;
    while (agenda.now < end && isMoving(world, user)) await agenda.run(Math.min(end, agenda.now + 5_000));
    if (isMoving(world, user)) world.stuck.push(user);
  }
  // What hangs is given up, and what was settled last is told, and written down.
  const hasOpen = () => [...history.posts.values()].some(({ heard, isLeft }) => !heard && !isLeft);
  for (const end = agenda.now + LONGEST_MS; agenda.now < end && hasOpen(); ) await agenda.run(agenda.now + 5_000);
  await agenda.run(agenda.now + 15_000);
  await say('status', (client) => client.status());
}

function waitingOf({ disk, history }: World, user: string): EntryRecord[] {
  const stands = standingStill({ disk });
  return disk.all<EntryRecord>('entries').filter((entry) => entry.state === 'pending' && (entry.owner === null || entry.owner === user) && !isHopeless({ history }, entry) && !stands(entry));
}

/** Whether nothing can deliver it. */
function isHopeless({ history }: Pick<World, 'history'>, entry: EntryRecord): boolean {
  const { op } = history.posts.get(opOfEntry(entry)) ?? {};
  return Boolean(op?.fails || op?.isRefused);
}

/** Whether anything waits that this user's session may move. */
function isMoving(world: World, user: string, counts: (entry: EntryRecord) => boolean = () => true): boolean {
  const stands = standingStill(world);
  return world.disk.all<EntryRecord>('entries').some((entry) => entry.state === 'pending' && (entry.owner === null || entry.owner === user) && !stands(entry) && counts(entry));
}
