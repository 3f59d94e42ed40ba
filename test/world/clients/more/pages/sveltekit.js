import { enhance } from '../node_modules/@sveltejs/kit/src/runtime/app/forms.js';
import { shows, submits } from '../../pages/page.js';

/** The client's half of `use:enhance`, whose result the app gets. */
export function write() {
  shows('<p>first</p><form method="post" action="/api/notes?/add"><input name="title" value="a note"></form>');
  return new Promise((resolve) => {
    enhance(document.querySelector('form'), () => ({ result }) => resolve(result));
    submits();
  });
}
