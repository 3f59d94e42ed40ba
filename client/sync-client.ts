import type {
  BodyRange,
  Configuration,
  EntryBody,
  EntryFilter,
  EntryInfo,
  EntryPatch,
  KeyOptions,
  Reference,
  SignOutOptions,
  SyncApi,
  SyncStatus,
  TokenResult,
  TokenTarget,
} from '../sw/protocol/api.js';
import { EVENT_CHANNEL, type Heard, type SyncEvent } from '../sw/protocol/events.js';
import type { AnyUrl } from './any-url.js';
import { TypedEventTarget } from './event-target.js';
import { observe } from './observe.js';
import { settled, type Settled } from './settled.js';
import type { ObserveOptions } from './stream/options.js';
import type { StreamEvent } from './stream/events.js';
import type { Har } from './tools/har-types.js';
import { loadFollow } from './outbox/load.js';
import { outboxStore, type OutboxStore } from './outbox/store.js';
import { loadTools } from './tools/load.js';
import { askAlone, type GetToken } from './ask-token.js';

interface ClientHooks {
  hear(event: Heard): void;
  /** The user signs out. */
  signedOut(): void;
  /** The app's. */
  getToken?: GetToken | undefined;
}

/** The page's side of Holdfast. Every call wakes the worker if need be, and has a deadline. */
export class SyncClient extends TypedEventTarget {
  readonly #api: SyncApi;
  readonly #end: AbortController;
  readonly #hooks: ClientHooks;
  readonly #place: string;
  #session = new AbortController();
  #outbox: OutboxStore | undefined;

  /** Made by `connect`. */
  constructor(api: SyncApi, end: AbortController, place: string, hooks: ClientHooks) {
    super();
    this.#api = api;
    this.#end = end;
    this.#place = place;
    this.#hooks = hooks;
    const channel = new BroadcastChannel(place + EVENT_CHANNEL);
    channel.addEventListener('message', ({ data }: MessageEvent<Heard>) => {
      if (data.type === 'held' && data.reason === 'signed-out') this.#endSession();
      hooks.hear(data);
      if (data.type === 'token') return;
      this.dispatchEvent(new CustomEvent(data.type, { detail: data }));
      if (data.type !== 'changed') this.dispatchEvent(new CustomEvent('event', { detail: data }));
    });
    end.signal.addEventListener('abort', () => channel.close());
  }

  /** Whether this page's requests go through the worker. A page that was open before it may not be. */
  get controlled(): boolean {
    return navigator.serviceWorker.controller !== null;
  }

  /**
   * Hands the worker a token. It stays in the worker's memory and never touches the disk.
   * A blank or expired token, and the very one that was refused, don't release a hold.
   * @throws ConfigError (by name) for a base URL that's no backend, or a token that no header can carry
   */
  provideToken(token: string | null | undefined, target?: TokenTarget): Promise<TokenResult> {
    return this.#api.provideToken(token, target);
  }

  /**
   * For sessions by cookie: call it when a user has signed in, and whenever the app knows who it is. What
   * is captured without a token from now on is that user's, and is sent in that user's session only. It
   * ends the hold of a session that had expired; what another user left stays parked.
   *
   * Without a name it says that somebody's session is live again, and whose isn't known: what waits goes
   * out in it, so it's for apps that only ever have one user in a browser.
   * @throws ConfigError (by name) for anything but a string of 1 to 255 characters, or nothing
   */
  signIn(user?: string): Promise<void> {
    return this.#api.signIn(user);
  }

  /**
   * Call it when the user signs out. Forgets the token, and parks what waits until the same user signs in
   * again; `purge` removes it instead. Nobody is asked for a token before the next one comes. What is
   * marked `Holdfast-Auth: none` goes on, and so does a backend with `auth: false`.
   */
  signOut(options?: SignOutOptions): Promise<void> {
    // At once: a token that is on its way here must not reach the worker after it.
    this.#endSession();
    return this.#api.signOut(options);
  }

  /**
   * Switches holds (`autoRetry`) or all capturing (`offlineMode`) off or on, for every backend, until the
   * next call. What a server's `remoteConfig` has switched off stays off.
   */
  configure(configuration: Configuration): Promise<void> {
    return this.#api.configure(configuration);
  }

  /**
   * Entries and status as a store, for a framework's view of them: `useOutbox` of `holdfast/react`, `$outbox` in Svelte, and so on
   * (docs/recipes.md). What follows the outbox is loaded with the first listener.
   * @example sync.outbox.subscribe(({ entries, status }) => show(entries, status))
   */
  get outbox(): OutboxStore {
    return (this.#outbox ??= outboxStore(this, this.#end.signal, loadFollow));
  }

  /** How everything stands at the moment of asking. */
  status(): Promise<SyncStatus> {
    return this.#api.status();
  }

  /** The outbox in the order of capture, dead letters included. */
  entries(filter?: EntryFilter): Promise<EntryInfo[]> {
    return this.#api.entries(filter);
  }

  /**
   * One entry; null when there's none, as when it's delivered.
   *
   * @param id a task id, a checkpoint key, or a `seq`: see `Reference`
   */
  entry(id: Reference): Promise<EntryInfo | null> {
    return this.#api.entry(id);
  }

  /**
   * Waits for the final answer to an entry, for days if need be. It's there for 24 hours, after a
   * reload too.
   * @throws UnknownEntryError when there's no such entry
   * @throws the signal's reason when it's aborted
   */
  async settled(id: Reference, { signal }: { signal?: AbortSignal } = {}): Promise<Settled> {
    return settled(this, this.#api, id, signal ? AbortSignal.any([signal, this.#end.signal]) : this.#end.signal);
  }

  /**
   * Sends a dead letter again: under its idempotency key, so that a server that has acted on it repeats its answer, or with
   * `newKey` under a fresh one, as a new request.
   */
  retry(id: Reference, options?: KeyOptions): Promise<boolean> {
    return this.#api.retry(id, options);
  }

  /** Ends an entry in whatever state. One that's on the wire may be delivered all the same. */
  cancel(id: Reference): Promise<boolean> {
    return this.#api.cancel(id);
  }

  /** Removes a dead letter. */
  discard(id: Reference): Promise<boolean> {
    return this.#api.discard(id);
  }

  /**
   * Changes a dead letter's headers or body before it's retried.
   *
   * It gets a new idempotency key when the last answer was a 400 or 422, by which the application itself has
   * refused it, as many a server repeats its first answer to a key. After any other, and once it has kept its
   * key, it keeps it: an earlier send may have been acted on, and it would be done twice. A server may then
   * refuse the key with another body, or repeat its answer to the first one (`replayed`). `newKey`, or a header of that name in
   * the patch, settles it.
   *
   * @throws ConfigError (by name) for a header that can't be set, a body that can't be sent or has no room,
   *   and another user's entry
   * @example await sync.edit(id, { body: { title: 'shorter' } }) && (await sync.retry(id));
   */
  edit(id: Reference, patch: EntryPatch, options?: KeyOptions): Promise<boolean> {
    return this.#api.edit(id, patch, options);
  }

  /**
   * The real id for a temporary one (`Holdfast-Provides`) that the user who is signed in has provided; null while it isn't known. It's
   * known for 7 days after its answer, and for as long as anything waits for it.
   *
   * @param realId tells the id, where the server's answer had none: what waits for it (`no-id`) goes on. It changes nothing where the id is known, or its answer is to come
   * @example location.hash = `#/notes/${(await sync.resolve('temp-42')) ?? 'temp-42'}`;
   */
  resolve(temporaryId: string, realId?: string | number): Promise<string | number | null> {
    return this.#api.resolve(temporaryId, realId);
  }

  /** An entry's body as it's stored, its first 64 KiB unless told. It may hold secrets. */
  body(id: Reference, range?: BodyRange): Promise<EntryBody | null> {
    return this.#api.body(id, range);
  }

  /**
   * Stops replay at once, until `resume`, restarts included; on a full disk, too.
   * @throws when the storage fails: then it holds while the worker lives, and is to be called again
   */
  pause(): Promise<void> {
    return this.#api.pause();
  }

  /** Ends `pause`, and replays what is due. */
  resume(): Promise<void> {
    return this.#api.resume();
  }

  /** Replays now, without waiting for backoffs. */
  replay(): Promise<void> {
    return this.#api.replay();
  }

  /**
   * Server-sent events that go on where they were: after a cut, a reload, in the next tab. Each is handed
   * over at least once and in the server's order; a repeat of one of the last 256 ids is dropped. How far
   * it came is stored when the loop asks for the next event, or is left; the last event clears it.
   *
   * A connection that's cut, and an answer that's transient, is tried again without end, after 500 ms
   * doubling to 5 s and up to a fifth more, 5 s at most; the server's `retry:` takes the place of the
   * 500 ms, and counts up to 24 h. `break` and `return` end it, the signal too. Nothing is sent before
   * the first `next`.
   *
   * @throws ConfigError at once, for a wrong option
   * @throws StreamError (by the loop) for an answer that no retry would mend, another type than
   *   `text/event-stream`, or an event that can't be read
   * @throws AuthRejectedError (by the loop) when the token and two fresh ones were refused, or there's none
   * @throws what the storage throws when the progress can't be stored, or the signal's reason
   * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
   * @example for await (const { id, data } of sync.observe('/api/feed', { taskId: 'feed' })) show(data);
   */
  observe<Data = string>(url: string | AnyUrl, options: ObserveOptions<Data>): AsyncIterableIterator<StreamEvent<Data>> {
    return observe(url, options, { api: this.#api, getToken: this.#hooks.getToken, askAlone: (...asked) => askAlone(this.#place, ...asked), closed: this.#end.signal, session: this.#session.signal });
  }

  /** The last 500 events, the oldest first. */
  journal(): Promise<SyncEvent[]> {
    return this.#api.journal();
  }

  /**
   * The journal and the outbox as an HTTP archive: an entry for each send, and one for what was never sent.
   * Secrets are masked; the first MiB of a body is in it.
   * @see http://www.softwareishard.com/blog/har-12-spec/
   * @example download('holdfast.har', JSON.stringify(await sync.exportHar()));
   */
  async exportHar(): Promise<Har> {
    const { exportHar } = await loadTools();
    return exportHar(this.#api);
  }

  /**
   * Has the browser keep what's stored when it runs short of room; says whether it does. Firefox puts the question to its user:
   * call it from a click.
   */
  async persist(): Promise<boolean> {
    return (await navigator.storage?.persist?.()) ?? false;
  }

  /** Lets go of the worker and of every listener. What is stored stays stored. */
  close(): void {
    this.#end.abort(new DOMException('holdfast: the client is closed', 'AbortError'));
  }

  /** A stream that carries the user's token must not go on as that user. */
  #endSession(): void {
    this.#hooks.signedOut();
    this.#session.abort(new DOMException('holdfast: the user has signed out', 'AbortError'));
    this.#session = new AbortController();
  }
}
