import { codeUnder } from '../support/docs.js';
import { App, connectPage, expect, test } from '../support/fixtures.js';

interface Note {
  id: number | string;
  title?: string;
  done?: boolean;
}

/** The page's module, as the docs have it. */
interface Notes {
  create(note: Omit<Note, 'id'>): Promise<Note>;
  change(note: Note, changes: Partial<Note>): Promise<Note>;
  tag(note: Note, name: string): Promise<{ note: Note['id']; name: string }>;
  remove(note: Note): Promise<null>;
}

test('M1 M2 M5 W3 the notes app of the recipes creates, changes, tags and deletes with the server down, and shows its own writes at once', async ({ page, server }) => {
  const [worker, notes] = await codeUnder('recipes.md', 'A notes app that works offline');
  server.serve('/worker.js', worker!);
  server.serve('/notes.js', notes!);
  let last = 0;
  server.reply(({ method, text }) => (method === 'DELETE' ? { status: 204 } : { status: 200, body: { ...(JSON.parse(text) as object), ...(method === 'POST' && { id: ++last }) } }));
  await page.goto(server.origin);
  await connectPage(page);
  const app = new App(page, server);
  const milk = await page.evaluate(async () => {
    const app = (await import(`${location.origin}/notes.js`)) as Notes;
    return app.create({ title: 'Milk' });
  });
  expect(milk).toEqual({ id: 1, title: 'Milk' });

  await server.unlisten();
  const shown = await page.evaluate(async (milk) => {
    const app = (await import(`${location.origin}/notes.js`)) as Notes;
    const bread = await app.create({ title: 'Bread' });
    const changes = [await app.change(bread, { done: true }), await app.change(bread, { title: 'Rye' })];
    const tag = await app.tag(bread, 'home');
    const egg = await app.create({ title: 'Egg' });
    changes.push(await app.change(egg, { done: true }));
    const removed = [await app.remove(egg), await app.remove(milk)];
    return { bread, changes, tag, removed };
  }, milk);
  const { id } = shown.bread;
  expect(id).toMatch(/^temp-/);
  expect(shown).toEqual({ bread: { id, title: 'Bread' }, changes: [{ done: true }, { title: 'Rye' }, { done: true }], tag: { note: id, name: 'home' }, removed: [null, null] });

  await server.listen();
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(server.received.slice(1).map(({ method, path, text }) => `${method} ${path} ${text}`.trim())).toEqual([
    'POST /api/notes {"title":"Bread"}',
    'PATCH /api/notes/2 {"done":true,"title":"Rye"}',
    'POST /api/tags {"note":2,"name":"home"}',
    'DELETE /api/notes/1',
  ]);
  // What the page shows under the temporary id is changed under that.
  await page.evaluate(async (bread) => ((await import(`${location.origin}/notes.js`)) as Notes).change(bread, { done: false }), shown.bread);
  expect(server.received.at(-1)).toMatchObject({ method: 'PATCH', path: '/api/notes/2', text: '{"done":false}' });
});
