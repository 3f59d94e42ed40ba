import 'unpoly';
import { shows } from './page.js';

declare const up: {
  submit(form: Element): Promise<unknown>;
  hello(element: Element): void;
};

export async function write(token?: string): Promise<unknown> {
  shows('<ul id="list"><li>first</li></ul><form method="post" action="/api/notes" up-submit up-target="#list"><input name="title" value="a note"></form>');
  up.hello(document.body);
  if (token) document.addEventListener('up:request:load', (event) => Object.assign((event as unknown as { request: { headers: object } }).request.headers, { Authorization: `Bearer ${token}` }), { once: true });
  await up.submit(document.querySelector('form')!);
  return 'rendered';
}
