import '@hotwired/turbo';
import { next, shows, submits } from './page.js';

export async function write(): Promise<unknown> {
  shows('<ul id="list"><li>first</li></ul><form method="post" action="/api/notes"><input name="title" value="a note"></form>');
  const done = next('turbo:submit-end') as Promise<CustomEvent<{ success: boolean }>>;
  submits();
  return (await done).detail.success;
}
