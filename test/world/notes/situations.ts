import type { Device } from './device.js';
import type { Write } from './outcome.js';
import type { NotesServer, SavedNote } from './server.js';

/** What happens to a person with a notes app, and what the server should have in the end. */
export interface Situation {
  name: string;
  /** Whether the server honours idempotency keys. @default false */
  honoursKeys?: boolean;
  /** Whether the table says how many writes the server was sent. */
  countsRequests?: boolean;
  /** What is there before the browser is opened. */
  before?(server: NotesServer): void;
  play(device: Device): Promise<void>;
  /** How often each write was done. */
  writes(server: NotesServer): Write[];
  /** What was done that nobody has asked for. */
  wrongs?(server: NotesServer): string[];
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const MILK = { title: 'Milk', text: '1 litre' };
const named = ({ notes }: NotesServer, title: string): SavedNote[] => [...notes.values()].filter((note) => note.title === title);
const note = (server: NotesServer, title = 'Milk'): Write => ({ what: `the note ${title}`, times: named(server, title).length });
const once = (what: string, isDone: boolean): Write => ({ what, times: isDone ? 1 : 0 });

const oneNote = (server: NotesServer): Write[] => [note(server)];
const withMilk = (server: NotesServer): void => void server.add({ ...MILK, by: 'ann' });

/** A stored write is on the wire when its tab is closed and its worker stopped. */
async function dieOnTheWire(device: Device, mode: 'hold' | 'act-and-hold'): Promise<void> {
  await device.offline();
  await device.create(MILK);
  device.server.mode(mode);
  await device.online();
  await device.arrived(1);
  await device.kill();
  device.server.mode('serve');
  await device.reopen();
}

async function loseAnAnswer(device: Device): Promise<void> {
  device.server.mode('cut');
  await device.create(MILK);
  await sleep(500);
  await device.wake();
}

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'A note is made offline',
    async play(device) {
      await device.offline();
      await device.create(MILK);
      await device.online();
    },
    writes: oneNote,
  },
  {
    name: 'A note is made, edited and tagged offline, another made and deleted',
    countsRequests: true,
    async play(device) {
      await device.offline();
      const milk = await device.create(MILK);
      await device.edit(milk, { text: '2 litres' });
      await device.tag(milk, 'home');
      await device.remove(await device.create({ title: 'Gone' }));
      await device.online();
    },
    writes: (server) => [
      note(server),
      once('the edit', named(server, 'Milk').some(({ text }) => text === '2 litres')),
      { what: 'the tag', times: named(server, 'Milk').flatMap(({ tags }) => tags).length },
      once('the deletion', named(server, 'Gone').length === 0),
    ],
  },
  {
    name: 'A note is made and edited offline, the tab closed and the worker stopped; the app is opened again when the server is back',
    async play(device) {
      await device.offline();
      await device.edit(await device.create(MILK), { text: '2 litres' });
      await device.kill();
      await device.server.listen();
      await device.reopen();
    },
    writes: (server) => [note(server), once('the edit', named(server, 'Milk').some(({ text }) => text === '2 litres'))],
  },
  {
    name: 'Tab and worker die while a stored write is on the wire; the server hasn’t done it',
    play: (device) => dieOnTheWire(device, 'hold'),
    writes: oneNote,
  },
  {
    name: 'Tab and worker die while a stored write is on the wire; the server has done it, and knows no keys',
    play: (device) => dieOnTheWire(device, 'act-and-hold'),
    writes: oneNote,
  },
  {
    name: 'The server does a write, its answer is lost, and it knows no keys',
    play: loseAnAnswer,
    writes: oneNote,
  },
  {
    name: 'The server does a write, its answer is lost, and it honours `Idempotency-Key`',
    honoursKeys: true,
    play: loseAnAnswer,
    writes: oneNote,
  },
  {
    name: 'The server answers by 503 for some seconds',
    async play(device) {
      device.server.mode('unavailable');
      await device.create(MILK);
      await sleep(3000);
      device.server.mode('serve');
      await device.wake();
    },
    writes: oneNote,
  },
  {
    name: 'The session is over when the server is back; two seconds later the same user signs in',
    async play(device) {
      await device.offline();
      await device.create(MILK);
      device.server.expireTokens();
      await device.online();
      await sleep(2000);
      await device.signIn('ann');
    },
    writes: oneNote,
  },
  {
    name: 'Ann edits the title offline; Ben has changed the text meanwhile',
    before: withMilk,
    async play(device) {
      await device.offline();
      await device.edit('n1', { title: 'Oat milk' }, 'Ann’s title');
      device.server.edit('n1', { text: '2 litres' });
      await device.online();
    },
    writes: ({ notes }) => [once('Ann’s title', notes.get('n1')?.title === 'Oat milk'), once('Ben’s text', notes.get('n1')?.text === '2 litres')],
  },
  {
    name: 'Ann edits the text offline; Ben has changed the text meanwhile',
    before: withMilk,
    async play(device) {
      await device.offline();
      await device.edit('n1', { text: '3 litres' }, 'Ann’s text');
      device.server.edit('n1', { text: '2 litres' });
      await device.online();
    },
    writes: ({ notes }) => [once('Ann’s text', notes.get('n1')?.text === '3 litres'), once('Ben’s text', notes.get('n1')?.text === '2 litres')],
  },
  {
    name: 'A draft is saved twenty times offline',
    countsRequests: true,
    before: withMilk,
    async play(device) {
      await device.offline();
      for (let save = 1; save <= 20; save++) await device.edit('n1', { text: `draft ${save}` }, 'the last save');
      await device.online();
    },
    writes: ({ notes }) => [once('the last save', notes.get('n1')?.text === 'draft 20')],
  },
  {
    name: 'Ann writes offline and signs out; Ben signs in; later Ann does',
    async play(device) {
      await device.offline();
      await device.create(MILK);
      await device.signOut();
      await device.online();
      await device.signIn('ben');
      await device.settle();
      await device.signOut();
      await device.signIn('ann');
    },
    writes: oneNote,
    wrongs: (server) => (named(server, 'Milk').some(({ by }) => by !== 'ann') ? ['sent as Ben: the note Milk'] : []),
  },
  {
    name: 'Two tabs are open, and each makes a note offline',
    async play(device) {
      const second = await device.openTab();
      await device.offline();
      await device.create({ title: 'First tab' });
      await device.create({ title: 'Second tab' }, second);
      await device.online();
    },
    writes: (server) => [note(server, 'First tab'), note(server, 'Second tab')],
  },
  {
    name: 'Three notes are made offline, and the server refuses the second (422)',
    async play(device) {
      await device.offline();
      await device.create({ title: 'One' });
      await device.create({ title: 'A title that is longer than allowed' });
      await device.create({ title: 'Three' });
      await device.online();
    },
    writes: (server) => [note(server, 'One'), once('the refused note', false), note(server, 'Three')],
  },
];
