import type { Session } from './session.js';

export interface Note {
  id: string;
  title: string;
  text: string;
  tags: string[];
  /** The number in its `ETag`. */
  version: number;
}

export type Fields = Pick<Note, 'title' | 'text'>;

/** The app's data layer, which each library has one of. Whatever it gives as an id it takes as one, for as long as the page is open. */
export interface Notes {
  /** What the screen shows. */
  all(): readonly Note[];
  /** Gives the id under which the page goes on. */
  create(note: Fields): Promise<string>;
  edit(id: string, changes: Partial<Fields>): Promise<void>;
  tag(id: string, tag: string): Promise<void>;
  remove(id: string): Promise<void>;
  signedIn?(token: string): Promise<void>;
  signedOut?(): Promise<void>;
}

export interface App {
  session: Session;
  /** Shows a person that something of theirs isn't saved. */
  tell(notice: string): void;
}

export type OpenNotes = (app: App) => Promise<Notes>;
