import htmx from 'htmx.org';
import { next, shows, submits } from './page.js';

export async function write(token?: string): Promise<unknown> {
  const headers = token ? `hx-headers='{"Authorization":"Bearer ${token}"}'` : '';
  shows(`<ul id="list"><li>first</li></ul><form hx-post="/api/notes" hx-target="#list" hx-swap="beforeend" ${headers}><input name="title" value="a note"></form>`);
  htmx.process(document.body);
  const done = next('htmx:afterRequest') as Promise<CustomEvent<{ failed: boolean; xhr: XMLHttpRequest }>>;
  submits();
  const { failed, xhr } = (await done).detail;
  if (failed) throw new Error('sendError');
  return xhr.status;
}
