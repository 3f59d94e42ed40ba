import { expect, test } from '../../support/fixtures.js';

test('a page’s writes are queued while the server is down, and delivered once it’s back', async ({ open, server }) => {
  const app = await open();
  server.reply({ status: 201 });
  await server.unlisten();
  expect(await app.post('{"name":"one"}')).toMatchObject({ status: 202 });
  expect(await app.entries()).toHaveLength(1);

  await server.listen();
  await app.heard('delivered');
  expect(server.bodies()).toEqual(['{"name":"one"}']);
  expect(await app.entries()).toEqual([]);
});
