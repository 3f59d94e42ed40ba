import type { Har } from '../../../client/index.js';
import { expect, test } from '../../support/fixtures.js';
import { buried, queued, QUIET, show, violations } from '../../support/inspector.js';

const rows = 'holdfast-entry-list [role=row]';
const story = 'holdfast-entry-details';

test.describe('V1 <holdfast-inspector>', () => {
  test('V1 lists each entry that waits, with its user and its reason, and follows it until it’s delivered', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    await show(page);
    await expect(page.locator(rows)).toHaveText([/POST \/api\/a.*Waiting.*server error/s]);
    await expect(page.getByRole('tab', { name: 'Outbox (1)' })).toBeVisible();
    await expect(page.getByText('1 waiting')).toBeVisible();
    await queued(app, '/api/b');
    await expect(page.locator(rows)).toHaveCount(2);
    app.server.reply({ status: 201 });
    await page.getByRole('button', { name: 'Replay now' }).click();
    await expect(page.getByText('Nothing is waiting')).toBeVisible();
    expect(app.server.received).toHaveLength(4);
  });

  test('V1 shows the gates: paused, held with its reason, the circuit', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await show(page);
    const backend = page.locator('.backends li');
    await expect(backend).toContainText('Open');
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(backend).toContainText('Paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(backend).toContainText('Open');
    server.requireToken();
    await app.post('x', { headers: { Authorization: `Bearer ${await server.token('ann', 3600)}x` } });
    await expect(backend).toContainText(/Held: session expired.*since/);
    await expect(page.locator(rows)).toContainText('Held');
    await app.call((sync, token) => sync.provideToken(token), await server.token('ann', 3600));
    await expect(backend).toContainText('Open');
    await expect(page.getByText('Nothing is waiting')).toBeVisible();
  });

  test('V1 tells one entry’s story, with its secrets masked', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a?access_token=s3cret', '{"title":"tree","password":"s3cret"}', { 'X-Api-Key': 's3cret' });
    await buried(app);
    await show(page);
    await page.locator(rows).click();
    const told = page.locator(story);
    await expect(told).toContainText('Perhaps delivered in the end: refused by the server');
    await expect(told.locator('.line li')).toHaveText([/Captured/, /Attempt 1:\s+500, server error/, /Attempt 2:\s+422, refused by the server/]);
    await expect(told.locator('pre')).toHaveText(/"title": "tree",\s+"password": "•••"/);
    await expect(told.getByRole('row', { name: /x-api-key/ })).toContainText('•••');
    await expect(told).toContainText('Last answer: 422');
    await expect(told).toContainText('access_token=•••');
    expect(await page.evaluate(() => document.querySelector('holdfast-inspector')!.shadowRoot!.innerHTML)).not.toContain('s3cret');
  });

  test.describe('M6 a conflict', () => {
    const mine = '{"title":"mine","tag":"red","password":"s3cret"}';
    const answer = { status: 412, headers: { ETag: '"2"' }, body: { title: 'theirs', tag: 'red', at: [1, 2] } };

    test('M6 shows both versions, the fields that differ marked, and keeps mine', async ({ open, page, server }) => {
      const app = await open({ options: QUIET });
      await queued(app, '/api/a', mine, { 'If-Match': '"1"' }, 429);
      await buried(app, 1, answer);
      await show(page);
      await page.locator(rows).click();
      const versions = page.locator(story).getByRole('table', { name: 'The server has a newer version' });
      await expect(versions.getByRole('row')).toHaveText([/Field\s*Mine\s*Theirs/, /≠ differs: title\s*mine\s*theirs/, /^\s*tag\s*red\s*red/, /≠ differs: password\s*•••\s*–/, /≠ differs: at\s*–\s*\[\s*1,\s*2\s*\]/]);
      expect(await violations(page)).toEqual([]);
      server.reply({ status: 200 });
      const keys = server.received.map(({ headers }) => headers['idempotency-key']);
      await page.getByRole('button', { name: 'Keep mine' }).click();
      await expect(page.getByText('Nothing is waiting')).toBeVisible();
      const kept = server.received.at(-1)!;
      expect([kept.text, kept.headers['if-match'], keys.includes(kept.headers['idempotency-key'])]).toEqual([mine, '"2"', false]);
    });

    test('M6 takes theirs, and edits mine for the server’s version', async ({ open, page, server }) => {
      const app = await open({ options: QUIET });
      await queued(app, '/api/a', mine, { 'If-Match': '"1"' }, 429);
      await queued(app, '/api/b', mine, { 'If-Match': '"1"' }, 429);
      await buried(app, 2, answer);
      await show(page);
      await page.locator(rows, { hasText: '/api/a' }).click();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('textbox', { name: 'Body' }).fill('{"title":"both","tag":"red","password":"•••"}');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByText('“Keep mine” sends it')).toBeVisible();
      server.reply({ status: 200 });
      await page.getByRole('button', { name: 'Keep mine' }).click();
      await expect(page.locator(rows)).toHaveCount(1);
      const kept = server.received.at(-1)!;
      expect([kept.path, kept.text, kept.headers['if-match']]).toEqual(['/api/a', '{"title":"both","tag":"red","password":"s3cret"}', '"2"']);
      await page.locator(rows, { hasText: '/api/b' }).click();
      await page.getByRole('button', { name: 'Take theirs' }).click();
      await page.getByRole('group', { name: 'Take theirs' }).getByRole('button', { name: 'Take theirs' }).click();
      await expect(page.getByText('Nothing is waiting')).toBeVisible();
      expect(server.received.at(-1)).toBe(kept);
    });
  });

  test('V1 shows a form by its fields, and bytes as hex', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    server.reply({ status: 500 });
    await page.evaluate(async () => {
      await fetch('/api/form', { method: 'POST', body: new URLSearchParams({ name: 'ann', password: 'pw' }) });
      await fetch('/api/bytes', { method: 'POST', body: new Uint8Array([0, 1, 0x41, 255]) });
    });
    await show(page);
    await page.locator(rows).first().click();
    await expect(page.locator(`${story} table[aria-label=Body]`)).toHaveText(/name\s*ann\s*password\s*•••/);
    await page.locator(rows).last().click();
    await expect(page.locator(`${story} pre.hex`)).toHaveText(/^00000000 {2}00 01 41 ff\s+\|\.\.A\.\|$/);
    expect(await app.entries()).toHaveLength(2);
  });

  test('V1 counts down to the next try', async ({ open, page }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', retry: () => 3600000 }]` });
    await queued(app, '/api/a');
    await show(page);
    await page.locator(rows).click();
    await expect(page.locator(`${story} .next`)).toHaveText(/Next try in (59 minutes|1 hour)/);
  });

  test('V1 edits a dead letter, leaves its secrets as they are, and retries it', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a', '{"title":"much too long","password":"pw"}');
    await buried(app);
    await show(page);
    await page.locator(rows).click();
    const told = page.locator(story);
    await told.getByRole('button', { name: 'Edit' }).click();
    const body = told.getByLabel('Body', { exact: true });
    await body.fill('{"title":');
    await told.getByRole('button', { name: 'Save' }).click();
    await expect(told.getByRole('alert')).toContainText('This is no JSON');
    await expect(body).toBeFocused();
    await body.fill('{"title":"short","password":"•••"}');
    await told.getByRole('button', { name: 'Add a header' }).click();
    await told.getByLabel('Name', { exact: true }).last().fill('X-Note');
    await told.getByLabel('Value:').last().fill('mended');
    await told.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved. Ask again to send it.')).toBeVisible();
    server.reply({ status: 201 });
    await told.getByRole('button', { name: 'Ask again' }).click();
    await expect(page.getByText('Nothing is waiting')).toBeVisible();
    const { text, headers } = server.received.at(-1)!;
    expect([JSON.parse(text), headers['x-note'], headers['content-type']]).toEqual([{ title: 'short', password: 'pw' }, 'mended', 'application/json']);
    expect(await app.entries()).toEqual([]);
  });

  test('V1 keeps the story of an entry apart from that of a newer one under its id, and acts on the entry itself', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/old', '{"which":"old"}', { 'Holdfast-Id': 'same' });
    await buried(app);
    await queued(app, '/api/new', '{"which":"new"}', { 'Holdfast-Id': 'same' });
    await show(page);
    await page.locator(rows).first().click();
    const told = page.locator(story);
    await expect(told.locator('pre')).toContainText('old');
    await told.getByRole('button', { name: 'Edit' }).click();
    await told.getByLabel('Body', { exact: true }).fill('{"which":"old, edited"}');
    await told.getByRole('button', { name: 'Save' }).click();
    await expect(told.locator('pre')).toContainText('old, edited');
    server.reply({ status: 201 });
    await told.getByRole('button', { name: 'Ask again' }).click();
    await expect(page.locator(rows)).toHaveText([/\/api\/new/]);
    expect(server.received.at(-1)!.text).toBe('{"which":"old, edited"}');
    await page.locator(rows).click();
    await expect(told.locator('pre')).toContainText('new');
    await told.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByText('Nothing is waiting')).toBeVisible();
    expect(await app.entries()).toEqual([]);
  });

  test('V1 opens its editor once the body is there, begins with the saved body, and keeps what another tab has changed', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a', '{"title":"long"}');
    await buried(app);
    await show(page);
    await page.evaluate(() => {
      const element = document.querySelector('holdfast-inspector') as unknown as { client: object };
      const waiting: (() => void)[] = [];
      const slow = { body: (seq: number) => new Promise((resolve) => waiting.push(() => resolve(window.sync.body(seq)))) };
      Object.assign(window, { waiting });
      // A client whose answers to `body` come when the test says so.
      element.client = new Proxy(window.sync, {
        get(sync, name) {
          const value: unknown = name === 'body' ? slow.body : Reflect.get(sync, name);
          return typeof value === 'function' ? value.bind(sync) : value;
        },
      });
    });
    const goOn = async () => {
      await page.waitForFunction(() => (window as unknown as { waiting: unknown[] }).waiting.length > 0);
      await page.evaluate(() => (window as unknown as { waiting: (() => void)[] }).waiting.splice(0).forEach((go) => go()));
    };
    await page.locator(rows).click();
    const told = page.locator(story);
    const body = told.locator('textarea');
    const edit = told.getByRole('button', { name: 'Edit' });
    await edit.click();
    await expect(edit).toHaveAttribute('aria-expanded', 'true');
    await expect(body).toBeHidden();
    await goOn();
    await expect(body).toHaveValue(/"long"/);
    await app.call((sync) => sync.edit(1, { headers: { 'X-Tab': 'another' } }));
    await goOn();
    await body.fill('{"title":"short"}');
    await told.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved. Ask again to send it.')).toBeVisible();
    await edit.click();
    await expect(edit).toHaveAttribute('aria-expanded', 'true');
    await expect(body).toBeHidden();
    // What is saved is read at once, and again with the note that it has changed; the last one counts.
    const opens = async () => {
      await page.evaluate(() => (window as unknown as { waiting: (() => void)[] }).waiting.splice(0).forEach((go) => go()));
      return body.isVisible();
    };
    await expect.poll(opens).toBe(true);
    await expect(body).toHaveValue(/"short"/);
    expect((await app.entries())[0]!.headers).toHaveProperty('x-tab', 'another');
  });

  test('V1 reads a body again for the editor where it couldn’t be read before', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a', '{"title":"long"}');
    await buried(app);
    await show(page);
    await page.evaluate(() => {
      let isFirst = true;
      const body = async (seq: number) => {
        if (!isFirst) return window.sync.body(seq);
        isFirst = false;
        throw new Error('not now');
      };
      (document.querySelector('holdfast-inspector') as unknown as { client: object }).client = new Proxy(window.sync, {
        get(sync, name) {
          const value: unknown = name === 'body' ? body : Reflect.get(sync, name);
          return typeof value === 'function' ? (value.bind(sync) as unknown) : value;
        },
      });
    });
    await page.locator(rows).click();
    await expect(page.getByText('not now')).toBeVisible();
    await page.locator(story).getByRole('button', { name: 'Edit' }).click();
    await expect(page.locator(`${story} textarea`)).toHaveValue(/"long"/);
  });

  test('V1 says at the form that a header can’t be set, and changes nothing', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    await buried(app);
    await show(page);
    await page.locator(rows).click();
    const told = page.locator(story);
    await told.getByRole('button', { name: 'Edit' }).click();
    await told.getByRole('button', { name: 'Add a header' }).click();
    await told.getByLabel('Name', { exact: true }).last().fill('Authorization');
    await told.getByLabel('Value:').last().fill('Bearer x');
    await told.getByRole('button', { name: 'Save' }).click();
    await expect(told.getByRole('alert')).toContainText('never stored');
    expect((await app.entries())[0]!.headers).not.toHaveProperty('authorization');
  });

  test('V1 retries or discards many dead letters at once and cancels many waiting entries, and asks before that', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    for (const path of ['/api/a', '/api/b', '/api/c']) await queued(app, path);
    await buried(app, 3);
    await queued(app, '/api/d');
    await show(page);
    await expect(page.locator(rows)).toHaveCount(4);
    await page.locator(rows).nth(0).getByRole('checkbox').check();
    await page.locator(rows).nth(1).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Discard (2)' }).click();
    await expect(page.getByText('Discard 2 for good?')).toBeVisible();
    await page.getByRole('button', { name: 'Keep' }).click();
    await expect(page.locator(rows)).toHaveCount(4);
    await page.getByRole('button', { name: 'Discard (2)' }).click();
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await expect(page.locator(rows)).toHaveText([/\/api\/c/, /\/api\/d/]);
    await page.getByLabel('Select all that are shown').check();
    server.reply({ status: 500 });
    await page.getByRole('button', { name: 'Cancel (1)' }).click();
    await expect(page.locator('.said')).toHaveText('Cancelled');
    await expect(page.locator(rows)).toHaveText([/\/api\/c/]);
    server.reply({ status: 201 });
    await page.getByRole('button', { name: 'Retry (1)' }).click();
    await expect(page.getByText('Nothing is waiting')).toBeVisible();
    expect(server.received.at(-1)!.path).toBe('/api/c');
    expect(await app.entries()).toEqual([]);
  });

  test('V1 filters by state and by text', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/apple');
    await buried(app);
    await queued(app, '/api/pear');
    await show(page);
    await page.getByLabel('State').selectOption('dead');
    await expect(page.locator(rows)).toHaveText([/apple/]);
    await page.getByLabel('State').selectOption('');
    await page.getByLabel('Filter').fill('PEAR');
    await expect(page.locator(rows)).toHaveText([/pear/]);
    await expect(page.getByText('1 of 2')).toBeVisible();
    await page.getByLabel('Filter').fill('plum');
    await expect(page.getByText('Nothing matches the filter.')).toBeVisible();
    expect(await app.entries()).toHaveLength(2);
  });

  test('V2 shows the journal in words, the newest first, with a filter', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    await buried(app);
    await show(page);
    await page.getByRole('tab', { name: 'Journal' }).click();
    const events = page.locator('holdfast-journal-list li');
    await expect(events.first()).toContainText('Perhaps delivered: refused by the server (422)');
    await page.getByLabel('Event').selectOption('queued');
    await expect(events).toHaveText([/Saved, to be sent later.*POST \/api\/a/s]);
    await page.getByLabel('Event').selectOption('');
    await app.call((sync) => sync.pause());
    await expect(events.first()).toContainText('Sending is paused');
  });

  test('E5 says of a dead letter that it may be done already, asks again, and sends as new or discards once that’s confirmed', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    await buried(app, 1, { status: 404 });
    await show(page);
    await expect(page.locator(rows)).toHaveText([/POST \/api\/a.*Perhaps delivered.*in the end: refused by the server/s]);
    await page.locator(rows).click();
    const told = page.locator(story);
    const press = (name: string) => told.getByRole('button', { name, exact: true }).click();
    await expect(told).toContainText('look there before you send it again');
    await press('Ask again');
    await app.heard('failed', 2);
    await press('Send as new');
    await expect(told).toContainText('It may be done twice.');
    await press('Keep');
    await press('Send as new');
    await press('Send as new');
    await app.heard('failed', 3);
    const keys = server.received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[3]).not.toBe(keys[0]);
    expect(keys).toHaveLength(4);
    await press('Discard');
    await press('Discard');
    await app.empty();
  });

  test('E3 offers to send as new where the server keeps its first answer, and asks nothing where nothing was done', async ({ open, page, server }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a', '{}', {}, 429);
    await buried(app, 1, { status: 429, headers: { 'Idempotency-Replayed': 'true' } });
    await show(page);
    await expect(page.locator(rows)).toHaveText([/Not delivered/]);
    await page.locator(rows).click();
    await expect(page.locator(story)).toContainText('keeps its first answer');
    server.reply({ status: 201 });
    await page.locator(story).getByRole('button', { name: 'Send as new' }).click();
    await app.empty();
  });

  test('E2 shows that the server is still at it', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    app.server.reply({ status: 409, headers: { 'Retry-After': '60' } });
    await app.call((sync) => sync.replay());
    await show(page);
    await expect(page.locator(rows)).toHaveText([/Waiting.*the server is still working on it/s]);
  });

  test('V1 exports a HAR by a download', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await queued(app, '/api/a');
    await show(page);
    // A stock Firefox tells the tests of no download.
    await page.evaluate(() => {
      HTMLAnchorElement.prototype.click = function click() {
        Object.assign(window, { downloaded: { name: this.download, url: this.href } });
      };
    });
    await page.getByRole('button', { name: 'Export HAR' }).click();
    await page.waitForFunction(() => 'downloaded' in window);
    const { name, har } = await page.evaluate(async () => {
      const { name, url } = (window as unknown as { downloaded: { name: string; url: string } }).downloaded;
      return { name, har: (await (await fetch(url)).json()) as Har };
    });
    expect(name).toMatch(/^holdfast-\d{4}-.*\.har$/);
    expect(har.log.entries).toMatchObject([{ request: { method: 'POST' }, response: { status: 500 } }]);
  });

  test('V1 finds the page’s client by itself, and says plainly when there’s no client', async ({ open, page, server }) => {
    await open({ options: QUIET });
    await page.addScriptTag({ url: '/holdfast-inspector.js' });
    await page.evaluate(() => document.body.append(document.createElement('holdfast-inspector')));
    await expect(page.getByText('0 waiting')).toBeVisible();
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())!.unregister());
    server.serve('/bare', '<!doctype html><title>Bare</title><script src="/holdfast-inspector.js"></script><holdfast-inspector></holdfast-inspector>', 'text/html');
    await page.goto(`${server.origin}/bare`);
    await expect(page.getByText('This page has no Holdfast')).toBeVisible();
  });

  test('V1 takes the client that it’s given, before its first update or later', async ({ open, page }) => {
    await open({ options: QUIET });
    await page.addScriptTag({ url: '/holdfast-inspector.js' });
    const give = () =>
      page.evaluate(() => {
        const element = document.querySelector('holdfast-inspector') ?? document.body.appendChild(document.createElement('holdfast-inspector'));
        const given = { asked: 0 };
        Object.assign(window, { given });
        const status = () => {
          given.asked++;
          return window.sync.status();
        };
        Object.assign(element, { client: { status, entries: async () => [], addEventListener() {}, removeEventListener() {} } });
      });
    const asked = () => page.evaluate(() => (window as unknown as { given: { asked: number } }).given.asked);
    for (const _ of ['before', 'later']) {
      await give();
      await expect.poll(asked).toBeGreaterThan(0);
      await expect(page.getByText('0 waiting')).toBeVisible();
    }
  });

  test('V1 speaks Chinese, on a page that isn’t UTF-8 too', async ({ open, page }) => {
    const app = await open({ options: `locale: 'zh-CN', ${QUIET}` });
    await queued(app, '/api/a');
    await show(page);
    await expect(page.getByRole('tab', { name: '发件箱 (1)' })).toBeVisible();
    await expect(page.locator(rows)).toContainText(/等待中\s+服务器错误/);
    expect(await page.evaluate(() => document.characterSet)).toBe('windows-1252');
  });
});

test.describe('V5 the inspector’s text', () => {
  test('V5 scripts in URL, header, body and answer are shown as text', async ({ open, page }) => {
    const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
    const app = await open({ options: QUIET });
    await queued(app, `/api/${encodeURIComponent(evil)}?q="><svg onload=pwned=1>`, JSON.stringify({ [evil]: evil }), { 'X-Evil': evil, 'Holdfast-Lane': evil });
    await queued(app, '/api/text', evil, { 'Content-Type': 'text/html' });
    await buried(app, 2, { status: 422, headers: { 'X-Answer': evil, 'Content-Type': 'text/html' }, body: evil });
    await show(page);
    for (const index of [0, 1]) {
      await page.locator(rows).nth(index).click();
      await expect(page.locator(`${story} pre`)).toContainText('<img src=x onerror=');
      await expect(page.locator(story)).toContainText(`x-answer${evil}`);
    }
    await page.locator(story).getByRole('button', { name: 'Edit' }).click();
    await expect(page.locator(story).getByLabel('Body', { exact: true })).toHaveValue(evil);
    await page.getByRole('tab', { name: 'Journal' }).click();
    await expect(page.locator('holdfast-journal-list li').first()).toBeVisible();
    const made = await page.evaluate(() => {
      const within = (root: ParentNode): Element[] => [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
      return within(document.querySelector('holdfast-inspector')!.shadowRoot!).filter(({ localName }) => ['img', 'script', 'svg'].includes(localName)).length;
    });
    expect([made, await page.evaluate(() => 'pwned' in window)]).toEqual([0, false]);
  });
});

test('V1 rows have their places under a strict Content-Security-Policy', async ({ open, page, server }) => {
  const app = await open({ options: QUIET });
  for (const path of ['/api/a', '/api/b']) await queued(app, path);
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'self'">`;
  server.serve('/strict', `<!doctype html>${policy}<title>Strict</title><script src="/holdfast-inspector.js"></script><holdfast-inspector></holdfast-inspector>`, 'text/html');
  await page.goto(`${server.origin}/strict`);
  await expect(page.locator(rows)).toHaveCount(2);
  await page.locator(rows).first().click();
  await expect(page.locator(`${story} h2`)).toContainText('/api/a');
  const [first, second] = await page.locator(rows).evaluateAll((all) => all.map((row) => row.getBoundingClientRect().top));
  expect(second! - first!).toBeGreaterThan(30);
});

test.describe('the inspector by keyboard and screen reader', () => {
  test('space marks the row whose mark was clicked', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    for (const path of ['/api/a', '/api/b']) await queued(app, path);
    await show(page);
    const list = page.locator(rows);
    await list.nth(1).getByRole('checkbox').click();
    await expect(list.nth(1)).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press(' ');
    await expect(list.nth(1)).toHaveAttribute('aria-selected', 'false');
    await expect(list.nth(0)).toHaveAttribute('aria-selected', 'false');
    expect(await app.entries()).toHaveLength(2);
  });

  test('rows are walked, chosen and selected by keys', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    for (const path of ['/api/a', '/api/b', '/api/c']) await queued(app, path);
    await show(page);
    const list = page.locator(rows);
    await list.first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(list.nth(1)).toBeFocused();
    await page.keyboard.press(' ');
    await expect(list.nth(1)).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('End');
    await expect(list.nth(2)).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.locator(`${story} h2`)).toContainText('/api/c');
    await page.keyboard.press('Home');
    await expect(list.nth(0)).toBeFocused();
    expect(await app.entries()).toHaveLength(3);
  });

  test('the focus stays in its row while other rows come and go, and moves on when that row is gone', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    for (const path of ['/api/a', '/api/b', '/api/c']) await queued(app, path);
    await show(page);
    const list = page.locator(rows);
    await list.nth(1).focus();
    const [first, second] = await app.entries();
    await app.call((sync, id) => sync.cancel(id), first!.id);
    await expect(list).toHaveCount(2);
    await expect(list.first()).toBeFocused();
    await expect(list.first()).toContainText('/api/b');
    await app.call((sync, id) => sync.cancel(id), second!.id);
    await expect(list).toHaveText([/\/api\/c/]);
    await expect(list.first()).toBeFocused();
  });

  test('a change is said, politely', async ({ open, page }) => {
    const app = await open({ options: QUIET });
    await show(page);
    await expect(page.getByText('0 waiting')).toBeVisible();
    await app.call((sync) => sync.pause());
    await expect(page.locator('.said')).toHaveText('Sending is paused');
    await expect(page.locator('.said')).toHaveAttribute('aria-live', 'polite');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing wrong, ${colorScheme}`, async ({ open, page }) => {
      const app = await open({ options: QUIET });
      await queued(app, '/api/a');
      await buried(app);
      await queued(app, '/api/b');
      await show(page, 'holdfast-inspector', `theme="${colorScheme}"`);
      await page.evaluate((scheme) => (document.documentElement.style.cssText = `color-scheme: ${scheme}; background: Canvas; color: CanvasText`), colorScheme);
      await page.locator(rows).first().click();
      await page.locator(rows).last().getByRole('checkbox').check();
      await expect(page.locator(`${story} pre`)).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.locator(story).getByRole('button', { name: 'Edit' }).click();
      await expect(page.locator(story).getByLabel('Body', { exact: true })).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('tab', { name: 'Journal' }).click();
      await expect(page.locator('holdfast-journal-list li').first()).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });
  }
});

test.describe('the inspector with many entries', () => {
  test('of 10 000 entries only the visible ones are in the document, and the last one can be reached', async ({ open, page }) => {
    await open({ options: QUIET });
    await page.addScriptTag({ url: '/holdfast-inspector.js' });
    await page.evaluate(async () => {
      const status = await window.sync.status();
      const entry = (seq: number) => ({
        id: `t${seq}`, key: `|x|t${seq}`, seq, baseUrl: 'https://x.example', namespace: '', lane: '', owner: null, state: 'pending', reason: 'offline', since: 0,
        method: 'POST', url: `https://x.example/n/${seq}`, headers: {}, bodySize: 0, capturedAt: 0, sends: 0, retries: 0, notBefore: 0, idempotencyKey: null, lastAnswer: null, attempts: [],
      });
      const client = {
        status: async () => ({ ...status, waiting: 10_000 }),
        entries: async ({ after = 0, limit = 1000 }) => Array.from({ length: Math.min(limit, 10_000 - after) }, (_, at) => entry(after + at + 1)),
        addEventListener() {},
        removeEventListener() {},
      };
      const element = document.createElement('holdfast-inspector');
      Object.assign(element, { client });
      document.body.replaceChildren(element);
    });
    const grid = page.getByRole('grid');
    await expect(grid).toHaveAttribute('aria-rowcount', '10000');
    await page.locator(rows).first().focus();
    await page.keyboard.press('End');
    const last = page.locator(`${rows}[aria-rowindex="10000"]`);
    await expect(last).toBeFocused();
    await expect(last).toContainText('/n/10000');
    expect(await page.locator(rows).count()).toBeLessThan(60);
    // What has the focus is kept, wherever one scrolls to.
    await page.locator('holdfast-entry-list').evaluate((list) => (list.scrollTop = 0));
    await expect(page.locator(`${rows}[aria-rowindex="1"]`)).toBeVisible();
    await expect(last).toBeFocused();
    expect(await page.locator(rows).count()).toBeLessThan(60);
  });

  test.describe('the inspector on a small screen', () => {
    test.use({ apart: true });

    test('the list and the story take turns at 320 pixels, and nothing sticks out', async ({ open, page }) => {
      const app = await open({ options: QUIET });
      await queued(app, `/api/${'long'.repeat(30)}`);
      await page.setViewportSize({ width: 320, height: 600 });
      await show(page);
      await page.locator(rows).click();
      await expect(page.locator(story)).toBeVisible();
      await expect(page.locator('holdfast-entry-list')).toBeHidden();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      await page.getByRole('button', { name: 'Back to the list' }).click();
      await expect(page.locator(rows)).toBeFocused();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    });
  });
});
