import type { SyncStatus } from '../../sw/protocol/api.js';
import type { CallAnswer, CallMessage } from '../../sw/protocol/comlink.js';
import type { ChangeNote, SyncEvent, TokenNote } from '../../sw/protocol/events.js';
import type { Script, Setup } from './actions.js';
import { Agenda } from './agenda.js';
import { App } from './app.js';
import { Browser } from './browser/browser.js';
import type { OpenFetch } from './browser/fetch-event.js';
import { LockTable } from './browser/locks.js';
import type { Page } from './browser/page.js';
import { Broadcasts, Posts } from './browser/posts.js';
import type { Worker } from './browser/worker.js';
import { createChances } from './chance.js';
import type { Stranger } from './database.js';
import type { ReadStream } from './deeds/streams.js';
import { Disk } from './disk/disk.js';
import { Feeds } from './feeds.js';
import { History, type Call, type Post } from './history.js';
import { Network } from './network.js';
import { OLD_DATABASE } from './old-queue.js';
import { Server } from './server.js';
import { PLAIN } from './setup.js';

/** When the run begins, in milliseconds since the epoch. */
const EPOCH = 1_700_000_000_000;

/** Everything below the product, and what has happened in it. */
export class World {
  readonly setup: Setup;
  readonly agenda = new Agenda();
  readonly chances;
  readonly history = new History(this.agenda);
  readonly disk;
  /** The database of workbox-background-sync. */
  readonly oldQueue;
  /** The databases beside the product's own. */
  readonly beside: ReadonlyMap<string, Disk>;
  readonly locks;
  readonly posts;
  readonly broadcasts;
  readonly server;
  readonly network;
  readonly browser = new Browser(this);
  readonly app = new App(this);
  /** Whoever else has the database open. */
  readonly strangers = new Set<Stranger>();
  readonly feeds = new Feeds(this);
  readonly pages: (Page | null)[] = [];
  /** Users whose entries still waited when all faults were long over. */
  readonly stuck: string[] = [];
  /** By op: since when nothing has been in the way of what waited at the faults' end, and isn't refused on purpose; none where nothing is. */
  readonly owed = new Map<number, number>();
  /** What `status()` gave when all was over, and what was on disk then. */
  statusAtEnd: { status: SyncStatus; waiting: number; dead: number } | null = null;
  /** Pages that were opened. */
  opened = 0;
  /** Calls of ports, ends of workers, and fetch events that came again. */
  calls = 0;
  ends = 0;
  redispatches = 0;
  /** Called at what the checks look at while it happens. */
  heard: (post: Post) => void = () => {};
  answered: (call: Call) => void = () => {};
  told: (worker: Worker, event: SyncEvent | TokenNote | ChangeNote) => void = () => {};
  /** A worker tells that the storage fails, and that a request goes without it. */
  noStorage: (worker: Worker, op: number) => void = () => {};
  /** A worker asks for a lock, and what it did under it has failed. */
  asked: (worker: Worker, lock: string) => void = () => {};
  failed: (worker: Worker, lock: string) => void = () => {};
  /** A page calls the worker, or repeats a call; and it has its answer. */
  posted: (page: Page, call: CallMessage) => void = () => {};
  replied: (page: Page, answer: CallAnswer) => void = () => {};
  called: (page: Page, call: Call) => void = () => {};
  /** A page asks for a stream after an event, is handed one, and is done with it. */
  streamAsked: (page: Page, task: string, after: string | null) => void = () => {};
  streamed: (page: Page, stream: ReadStream, id: number) => void = () => {};
  streamHad: (stream: ReadStream, id: number) => void = () => {};
  /** A worker is shown a token: by a page's request, or, for null, by its client. */
  shown: (worker: Worker, token: string, open: OpenFetch | null) => void = () => {};
  started: (worker: Worker) => void = () => {};
  died: (worker: Worker) => void = () => {};

  constructor(readonly script: Script) {
    const { agenda, history } = this;
    this.setup = { ...PLAIN, ...script.setup };
    this.chances = createChances(script.seed);
    this.disk = new Disk(agenda, this.chances, this.setup);
    this.oldQueue = new Disk(agenda, this.chances, this.setup);
    this.beside = new Map([[OLD_DATABASE, this.oldQueue]]);
    this.locks = new LockTable(agenda, this.chances);
    this.posts = new Posts(agenda, this.chances);
    this.broadcasts = new Broadcasts(this.posts);
    this.server = new Server(agenda, history, this.serverNow, this.setup);
    this.network = new Network(agenda, this.chances, this.server, () => this.app.cookie);
  }

  readonly now = (): number => EPOCH + Math.floor(this.agenda.now);

  /** By the server's clock. */
  readonly serverNow = (): number => this.now() + this.setup.aheadS * 1_000;
}
