import { oneOf, seeded } from './random.js';

export type Backend = 'plain' | 'ahead';
export type User = 'ann' | 'bob';
export type Mode = 'queued' | 'wait' | 'reject';
export type BodyKind = 'text' | 'json' | 'form' | 'params' | 'bytes';

/** One post of the run. Its body follows from it, so that page and server know it without being told. */
export interface Op {
  id: number;
  backend: Backend;
  lane: string;
  user: User;
  mode: Mode;
  kind: BodyKind;
  /** In bytes, roughly. */
  size: number;
}

export const pathOf = ({ backend, id }: Op): string => `/api/${backend}/${id}`;

/** Which op a URL or a path of the API belongs to. */
export const opIdOf = (url: string): number => Number(url.slice(url.lastIndexOf('/') + 1));

/** The body as the page gives it to `fetch`. The same in the page and in Node. */
export function bodyOf({ id, kind, size }: Op): BodyInit {
  switch (kind) {
    case 'text':
      return `op ${id}: ${lettersOf(id, size)}`;
    case 'json':
      return JSON.stringify({ op: id, note: lettersOf(id, size) });
    case 'params':
      return new URLSearchParams({ op: String(id), note: lettersOf(id, size) });
    case 'bytes':
      return bytesOf(id, size);
    case 'form': {
      const form = new FormData();
      form.set('op', String(id));
      form.set('photo', new File([bytesOf(id, size)], `${id}.bin`, { type: 'application/octet-stream' }));
      return form;
    }
  }
}

/** Begins with the op's number, so that no two bodies are the same. */
function bytesOf(id: number, size: number): ArrayBuffer {
  const random = seeded(id);
  const bytes = Uint8Array.from({ length: size + 4 }, () => random() * 256);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes.buffer;
}

/** Some of them take several bytes, and some must be escaped. */
const LETTERS = ['a', 'b', 'c', ' ', '&', '=', '+', '%', '"', '\\', '\n', '\u00e9', '\u20ac', '\u{1f600}'];

function lettersOf(id: number, size: number): string {
  const random = seeded(id);
  return Array.from({ length: size }, () => oneOf(random, LETTERS)).join('');
}
