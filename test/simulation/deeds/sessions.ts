import type { Page } from '../browser/page.js';
import type { World } from '../world.js';

/** How often the app tries again to say that its user has gone. */
const TRIES = 3;

/** A server takes this long over a login, in milliseconds, beside the way there and back. */
const LOGIN_MS = 100;

/** The app knows who has come after so long at most, in milliseconds. */
const PROFILE_MS = 1_500;

/** How long a page waits for its client, in milliseconds, and between two looks. */
const CONNECTED_MS = 15_000;
const LOOK_MS = 50;

/**
 * What the app does about a session by cookie, in a turn of the page's: it says that the one user has gone before it
 * logs out at its server, and who has come when that server has let them in. One tab at a time does it.
 *
 * @param user who comes; null for nobody
 */
export async function changeSession(world: World, page: Page, user: string | null, purges = false): Promise<void> {
  const { app, agenda, chances } = world;
  if (app.isChanging || !(await isConnected(world, page)) || app.isChanging) return;
  app.beginChange(page);
  try {
    if (app.user !== null && app.user !== user) {
      app.leaving = app.settledUser;
      app.unsettle();
      if (!(await leave(page, purges))) return;
      await agenda.wait(chances.step('network'), page);
      app.setCookie(null);
      app.signIn(null);
    }
    if (user === null) return;
    await agenda.wait(LOGIN_MS + chances.step('network'), page);
    app.setCookie(user);
    // Who that is the app may have to ask for.
    await agenda.wait(chances.of('profile')() * PROFILE_MS, page);
    await come(world, page, user);
  } finally {
    app.endChange();
  }
}

/** What the app does about it when a page is loaded: whose session there still is, it says again. */
export async function keepSession(world: World, page: Page): Promise<void> {
  const { app } = world;
  if (app.isChanging || app.cookie === null) return;
  app.beginChange(page);
  try {
    await come(world, page, app.cookie);
  } finally {
    app.endChange();
  }
}

async function come({ app }: World, page: Page, user: string): Promise<void> {
  app.unsettle();
  const said = await page.call('signIn', null, (client) => client.signIn(user));
  // Nothing is written in the name of one whom Holdfast doesn't know.
  if (said instanceof Error) return;
  app.signIn(user);
  app.settledUser = user;
}

async function leave(page: Page, purges: boolean): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const said = await page.call(purges ? 'purge' : 'signOut', null, (client) => client.signOut({ purge: purges }));
    if (!(said instanceof Error)) return true;
  }
  return false;
}

async function isConnected({ agenda }: World, page: Page): Promise<boolean> {
  for (const end = agenda.now + CONNECTED_MS; !page.client && agenda.now < end; ) await agenda.wait(LOOK_MS, page);
  return page.client !== null;
}
