import type { Deed } from './actions.js';
import { Page } from './browser/page.js';
import { hold, leave, lose, upgrade } from './database.js';
import { owe, replayOld } from './old-queue.js';
import { pathOf } from './documents.js';
import { changeSession } from './deeds/sessions.js';
import { readStream } from './deeds/streams.js';
import type { World } from './world.js';

/** Does one deed of a script, in a turn of whom it concerns. */
export function perform(world: World, deed: Deed): void {
  const { agenda, app, browser, disk, history, network, chances, server } = world;
  history.trace(() => `— ${JSON.stringify(deed)}`);
  /** In a turn of the page's; nothing, where it's closed. */
  const at = (page: number, task: (page: Page) => void) => {
    const mine = world.pages[page];
    if (mine?.isAlive) agenda.in(0, mine, () => task(mine));
  };
  const call = (page: number, name: string, ask: Parameters<Page['call']>[2], op: number | null = null) =>
    at(page, (mine) => void mine.call(name, op, ask));
  /** By the id that the page gave it, or that the worker did. */
  const about = (page: number, op: number, name: 'cancel' | 'retry' | 'discard' | 'edit') => {
    const seq = history.stored.get(op)?.seq;
    if (seq === undefined) return;
    call(page, name, (client) => (name === 'edit' ? client.edit(seq, { headers: { 'x-edited': '1' } }) : client[name](seq)), op);
  };

  switch (deed.do) {
    case 'post':
      // Whoever has closed a tab goes on in another one.
      return at(world.pages[deed.page]?.isAlive ? deed.page : world.pages.findIndex((page) => page?.isAlive), (page) => page.post(deed.op));
    case 'open':
      return open(world, deed.page);
    case 'close':
      return at(deed.page, (page) => page.close());
    case 'show':
    case 'hide':
      return at(deed.page, (page) => page.show(deed.do === 'show'));
    case 'kill': {
      const worker = deed.whose === 'old' ? browser.oldWorker : browser.activeWorker;
      if (!worker) return;
      if (deed.afterCalls === 0) worker.die('as the script says');
      else worker.diesIn = deed.afterCalls - 1;
      return;
    }
    case 'kill-at':
      if (browser.activeWorker) browser.activeWorker.diesAt = deed.port;
      return;
    case 'update':
      return browser.update();
    case 'weather':
      network.weather = deed.weather;
      return;
    case 'offline':
    case 'online':
      return setOnline(world, deed.do === 'online');
    case 'slow':
      chances.slowShare = deed.share;
      chances.wasSlow ||= deed.share > 0;
      return;
    case 'sign-in':
      return at(deed.page, (page) => {
        if (world.setup.sessions === 'cookie') return void changeSession(world, page, deed.user);
        const token = app.signIn(deed.user);
        if (deed.provides || !world.setup.learns) void page.call('provideToken', null, (client) => client.provideToken(token));
        else page.read();
      });
    case 'sign-out':
      return at(deed.page, (page) => {
        if (world.setup.sessions === 'cookie') return void changeSession(world, page, null, deed.purge);
        void page.call(deed.purge ? 'purge' : 'signOut', null, (client) => client.signOut({ purge: deed.purge }));
        app.signIn(null);
      });
    case 'lapse':
      return app.lapse();
    case 'auth':
      app.works = deed.works;
      return;
    case 'cancel':
    case 'retry':
    case 'discard':
    case 'edit':
      return about(deed.page, deed.op, deed.do);
    case 'pause':
    case 'resume':
    case 'replay':
      return call(deed.page, deed.do, (client) => client[deed.do as 'pause']());
    case 'switch':
      return call(deed.page, deed.offlineMode === false ? 'switch' : 'unswitch', (client) => client.configure({ offlineMode: deed.offlineMode }));
    case 'full':
      disk.faults.full = deed.times;
      return;
    case 'unopened':
      disk.faults.unopened = deed.times;
      if (world.setup.adopts) world.oldQueue.faults.unopened = deed.times;
      return;
    case 'remote':
      server.switches = deed;
      return;
    case 'portal':
      network.portalSince = deed.isUp ? agenda.now : null;
      return;
    case 'owe':
      return owe(world, deed);
    case 'old-replay':
      return replayOld(world, deed);
    case 'leave':
      return leave(world, deed);
    case 'rewrite':
    case 'rival': {
      const path = pathOf(deed.backend, { name: deed.document });
      if (deed.do === 'rival') server.documents.rivals.set(path, { after: deed.after, times: deed.times });
      else server.documents.rewrite(path);
      return;
    }
    case 'lose':
      return lose(world, deed);
    case 'hold':
      return hold(world, deed);
    case 'upgrade':
      return upgrade(world, deed);
    case 'release':
      return browser.update(true);
    case 'stream':
      return at(deed.page, (page) => void readStream(world, page, deed));
    case 'disconnect':
      for (const connection of disk.connections.all) disk.connections.vanish(connection);
  }
}

export function open(world: World, index: number): void {
  const { agenda, pages } = world;
  if (pages[index]?.isAlive) return;
  const page = new Page(world, `page${index}.${world.opened++}`);
  pages[index] = page;
  agenda.in(0, page, () => page.load());
}

export function setOnline(world: World, isOnline: boolean): void {
  const { agenda, network, pages, chances, browser } = world;
  network.isOnline = isOnline;
  if (network.portalSince !== null) network.portalSince = agenda.now;
  for (const page of pages)
    if (page?.isAlive) agenda.in(chances.step('message'), page, () => void page.window.dispatchEvent(new Event(isOnline ? 'online' : 'offline')));
  if (isOnline) browser.fireSync();
}
