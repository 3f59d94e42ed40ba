import type { Note, Notes, OpenNotes } from './note.js';
import { Session } from './session.js';

declare global {
  interface Window {
    app: { notes: Notes; signIn(user: string): Promise<void>; signOut(): Promise<void> };
    /** Hears what a person is told. */
    noticed(notice: string): Promise<void>;
  }
}

/** The notes app, the same for each data layer. */
export async function start(open: OpenNotes): Promise<void> {
  const session = new Session();
  const find = (selector: string) => document.querySelector(selector)!;
  const tell = (notice: string) => {
    find('#notices').append(notice, document.createElement('br'));
    void window.noticed?.(notice);
  };
  const notes = await open({ session, tell });

  function button(words: string, act: () => Promise<unknown>): HTMLElement {
    const made = document.createElement('button');
    made.textContent = words;
    made.onclick = () => void act().catch((error: unknown) => tell(String(error)));
    return made;
  }
  function row({ id, title, text, tags }: Note): HTMLElement {
    const made = document.createElement('li');
    made.append(
      [title, text, ...tags.map((tag) => `#${tag}`)].join(' '),
      button('edit', () => notes.edit(id, { text: prompt('Text', text) ?? text })),
      button('tag', () => notes.tag(id, prompt('Tag') ?? '')),
      button('delete', () => notes.remove(id)),
    );
    return made;
  }
  find('#add').append(button('add', () => notes.create({ title: prompt('Title') ?? '', text: '' })));
  setInterval(() => find('#notes').replaceChildren(...notes.all().map(row)), 200);

  window.app = {
    notes,
    async signIn(user) {
      await notes.signedIn?.(await session.signIn(user));
    },
    async signOut() {
      session.signOut();
      await notes.signedOut?.();
    },
  };
}
