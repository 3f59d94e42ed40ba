import { expect, test } from '../../support/fixtures.js';
import { buried, queued, QUIET, show, violations } from '../../support/inspector.js';

test.describe('V1 <holdfast-status>', () => {
  test('V1 says how many entries wait, why, since when and until when, and is quiet when none waits', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await show(page, 'holdfast-status', 'quiet');
    const status = page.locator('holdfast-status');
    await expect(status).toBeHidden();
    await queued(app, '/api/a');
    await expect(status.getByRole('button')).toHaveText(/1 waiting since \d.*: server error; next try \d/);
    await app.call((sync) => sync.pause());
    await expect(status.getByRole('button')).toHaveText(/1 paused since \d.*: sending is paused; resume/);
    await app.call((sync) => sync.resume());
    await buried(app);
    await expect(status.getByRole('button')).toHaveText(/1 perhaps delivered/);
    server.reply({ status: 201 });
    await status.getByRole('button').click();
    await page.getByRole('button', { name: /^Ask again: POST \/api\/a/ }).click();
    await app.heard('delivered');
    await expect(status).toBeHidden();
  });

  test('V1 opens a list, by keyboard too, with cancel and retry all', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    for (const path of ['/api/a', '/api/b']) await queued(app, path, '{}', {}, 429);
    await buried(app, 2);
    await queued(app, '/api/c');
    await show(page, 'holdfast-status');
    const badge = page.locator('holdfast-status [part=badge]');
    await expect(badge).toHaveText(/2 not delivered · 1 waiting/);
    await badge.focus();
    await page.keyboard.press('Enter');
    const list = page.getByRole('dialog', { name: 'What waits to be sent' });
    await expect(list.getByRole('listitem')).toHaveText([/api\/a/, /api\/b/, /api\/c/]);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(list).toBeHidden();
    await expect(badge).toBeFocused();
    await badge.click();
    await list.getByRole('button', { name: /^Cancel: / }).click();
    await expect(badge).toHaveText('! 2 not delivered');
    server.reply({ status: 201 });
    await list.getByRole('button', { name: 'Retry all (2)' }).click();
    await app.empty();
    await expect(badge).toHaveText('✓ All saved');
    expect(server.bodies()).toHaveLength(7);
  });

  test('E5 tells what may be delivered from what isn’t, and has what can be done with it, asking before it’s done twice or discarded', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a', '{}', {}, 429);
    await queued(app, '/api/b');
    await buried(app, 2);
    await show(page, 'holdfast-status');
    const badge = page.locator('holdfast-status [part=badge]');
    await expect(badge).toHaveText('! 1 not delivered · 1 perhaps delivered');
    await badge.click();
    const list = page.getByRole('dialog', { name: 'What waits to be sent' });
    const press = (name: RegExp) => list.getByRole('button', { name }).click();
    expect(await violations(page)).toEqual([]);
    await press(/^Discard: POST \/api\/b/);
    await press(/^Keep/);
    await press(/^Send as new: POST \/api\/b/);
    await expect(list).toContainText('It may be done twice.');
    server.reply({ status: 201 });
    await press(/^Send as new: POST \/api\/b/);
    await expect(badge).toHaveText('! 1 not delivered');
    const keys = server.received.filter(({ path }) => path === '/api/b').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(2);
  });

  test('says that the waiting entries are on hold, and why', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    server.requireToken();
    await app.post('x', { headers: { Authorization: `Bearer ${await server.token('ann', 3600)}x` } });
    await show(page, 'holdfast-status');
    await expect(page.locator('holdfast-status [part=badge]')).toHaveText(/1 on hold since \d.*: session expired; sign in/);
  });

  test('follows the outbox again when it’s put back into the page, and lets go while it’s out', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await show(page, 'holdfast-status');
    await expect(page.locator('holdfast-status')).toHaveText(/All saved/);
    await page.evaluate(() => {
      const element = document.querySelector('holdfast-status') as HTMLElement & { client: unknown };
      let asked = 0;
      element.client = new Proxy(window.sync, {
        get(sync, name) {
          asked++;
          const value: unknown = Reflect.get(sync, name);
          return typeof value === 'function' ? (value.bind(sync) as unknown) : value;
        },
      });
      Object.assign(window, { element, asked: () => asked });
    });
    const asked = () => page.evaluate(() => (window as unknown as { asked(): number }).asked());
    await expect.poll(asked).toBeGreaterThan(0);
    await expect(page.locator('holdfast-status')).toHaveText(/All saved/);
    const before = await page.evaluate(() => {
      const { element, asked } = window as unknown as { element: Element; asked(): number };
      element.remove();
      const other = document.createElement('holdfast-status') as HTMLElement & { client: unknown };
      other.id = 'other';
      other.client = window.sync;
      document.body.append(other);
      return asked();
    });
    await queued(app, '/api/a');
    await expect(page.locator('#other [part=badge]')).toHaveText(/1 waiting/);
    expect(await asked()).toBe(before);
    await page.evaluate(() => document.querySelector('#other')!.remove());
    await page.evaluate(() => document.body.append((window as unknown as { element: Element }).element));
    await expect(page.locator('holdfast-status [part=badge]')).toHaveText(/1 waiting/);
  });
});
