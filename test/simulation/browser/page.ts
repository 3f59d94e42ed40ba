import { connect } from '../../../client/connect.js';
import type { SyncClient } from '../../../client/sync-client.js';
import type { CallAnswer, CallMessage } from '../../../sw/protocol/comlink.js';
import { DIRECTIVES, ENTRY_HEADER } from '../../../sw/protocol/headers.js';
import type { Op } from '../actions.js';
import type { Process } from '../agenda.js';
import { bodyOf } from '../bodies.js';
import { pathOf } from '../documents.js';
import { nameOf } from '../deeds/ids.js';
import { keepSession } from '../deeds/sessions.js';
import type { ReadStream } from '../deeds/streams.js';
import type { Call, Post } from '../history.js';
import { ORIGIN } from '../setup.js';
import type { World } from '../world.js';

/** A page that couldn't connect tries again after this, in milliseconds. */
const CONNECT_AGAIN_MS = 3_000;

/** One tab, with the app in it and the product's real client. */
export class Page implements Process {
  isAlive = true;
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly navigator;
  client: SyncClient | null = null;
  /** The streams that it reads, by task. */
  readonly streams = new Map<string, ReadStream>();
  /** Who's signed in, as this tab knows, and the token that it posts with. */
  user: string | null = null;
  token: string | null = null;
  /** By path: the `ETag` of the version of a document that this tab saw last. */
  readonly tags = new Map<string, string>();
  #container = Object.assign(new EventTarget(), { startMessages: () => {}, controller: {}, getRegistration: async () => this.#registration });
  #version: number;

  constructor(
    readonly world: World,
    readonly name: string,
  ) {
    const { network, locks, browser } = world;
    this.#version = browser.active;
    this.navigator = {
      get onLine() {
        return network.isOnline;
      },
      serviceWorker: this.#container,
      storage: { persist: async () => true },
      locks: {
        query: async () => ({ held: [] }),
        request: (name: string, { signal }: { signal?: AbortSignal }, work: () => Promise<unknown>) => locks.exclusive(this, name, work, signal),
      },
    };
  }

  #registration = {
    scope: `${ORIGIN}/`,
    waiting: null,
    installing: null,
    active: {
      state: 'activated',
      scriptURL: `${ORIGIN}/sw.js`,
      postMessage: (data: unknown) => {
        this.world.posted(this, data as CallMessage);
        this.world.browser.message(this.#version, this, data);
      },
    },
  };

  load(): void {
    ({ user: this.user, token: this.token } = this.world.app.session());
    this.#connect();
    this.read();
  }

  #connect(): void {
    const isByCookie = this.world.setup.sessions === 'cookie';
    connect({ getToken: () => this.#freshToken(), ...(isByCookie && { renewSession: () => this.#renewSession() }) }).then(
      (client) => {
        if (!this.isAlive) return client.close();
        this.client = client;
        if (isByCookie) void keepSession(this.world, this);
      },
      () => void this.world.agenda.in(CONNECT_AGAIN_MS, this, () => this.#connect()),
    );
  }

  async #freshToken(): Promise<string | null> {
    const { agenda, chances, app } = this.world;
    await agenda.wait(chances.step('network'), this);
    const { user } = this;
    const token = app.freshToken(user);
    await agenda.wait(chances.step('network'), this);
    if (token !== null && this.user === user) this.token = token;
    return token;
  }

  /** The server that renews sessions lets the user in once more, if it's still the user who is there. */
  async #renewSession(): Promise<boolean> {
    const { agenda, chances, app } = this.world;
    await agenda.wait(chances.step('network'), this);
    const isThere = app.works && !app.isChanging && app.user !== null && this.user === app.user;
    if (isThere) app.setCookie(app.user);
    await agenda.wait(chances.step('network'), this);
    return isThere;
  }

  /** The app in another tab has signed somebody in or out. */
  sessionChanged(): void {
    ({ user: this.user, token: this.token } = this.world.app.session());
  }

  hear(data: unknown): void {
    this.world.replied(this, data as CallAnswer);
    this.#container.dispatchEvent(new MessageEvent('message', { data }));
  }

  controllerChanged(version: number): void {
    // News of two updates, one shortly after the other, come in their order.
    if (version < this.#version) return;
    this.#version = version;
    this.#container.dispatchEvent(new Event('controllerchange'));
  }

  show(isVisible: boolean): void {
    this.document.visibilityState = isVisible ? 'visible' : 'hidden';
    this.document.dispatchEvent(new Event('visibilitychange'));
    if (isVisible) this.window.dispatchEvent(new Event('focus'));
  }

  close(): void {
    this.isAlive = false;
    const { locks, history } = this.world;
    locks.died(this);
    for (const post of history.posts.values()) if (post.heard === null && this.#mine.has(post)) post.isLeft = true;
  }

  #mine = new Set<Post>();

  post(op: Op): void {
    const { history, agenda, app, browser, setup } = this.world;
    const isByCookie = setup.sessions === 'cookie';
    const hasToken = !op.isAnonymous && this.token !== null;
    const isSignedIn = hasToken || (!op.isAnonymous && isByCookie && this.user !== null && !app.isChanging);
    // An app without a session posts nothing that needs one.
    if (!op.isAnonymous && !isSignedIn) return;
    const post: Post = {
      op,
      page: this.name,
      condition: this.#conditionOf(op),
      user: isSignedIn ? this.user : null,
      calledAt: agenda.now,
      order: history.next(),
      heard: null,
      givenAt: Infinity,
      isLeft: false,
      diedBare: false,
      deaths: 0,
      said: app.said,
      isSettled: !isByCookie || app.settledUser === this.user,
      isPassed: false,
    };
    history.posts.set(op.id, post);
    this.#mine.add(post);
    history.trace(() => `posts op ${op.id} as ${post.user} ${JSON.stringify(op)}`);
    const { body, type } = bodyOf(op);
    const init = {
      method: op.document?.how ?? 'POST',
      body,
      headers: {
        'content-type': type,
        ...(post.condition !== null && { 'if-match': post.condition }),
        ...(op.draft && { 'x-draft': op.draft }),
        ...(hasToken && { authorization: `Bearer ${this.token}` }),
        ...(op.lane !== null && { [DIRECTIVES.lane]: op.lane }),
        ...(op.mode !== null && { [DIRECTIVES.mode]: op.mode }),
        ...(op.taskId !== null && { [DIRECTIVES.id]: op.taskId }),
        ...(op.replace && { [DIRECTIVES.replace]: '1' }),
        ...(op.isAnonymous && { [DIRECTIVES.auth]: 'none' }),
        ...(op.provides && { [DIRECTIVES.provides]: nameOf(op.id) }),
      },
    };
    // A document has one URL, so that it's the fragment which says whose request it is.
    const url = `${ORIGIN}${op.document ? `${pathOf(op.backend, op.document)}#` : `/${op.backend}/${op.isAnonymous ? 'open' : op.names === undefined ? 'notes' : nameOf(op.names)}`}/${op.id}`;
    browser.fetch({ page: this, url, init, op: op.id, dispatches: 0, answered: (response) => void this.#hear(post, response) });
  }

  /** The version that a write is made for, by its `ETag`. */
  #conditionOf({ backend, document }: Op): string | null {
    if (!document || document.condition === 'none') return null;
    const path = pathOf(backend, document);
    const tag = (document.condition === 'seen' && this.tags.get(path)) || this.world.server.documents.tag(path);
    this.tags.set(path, tag);
    return tag;
  }

  /** The app reads something, as apps do at the start and after a sign-in. */
  read(): void {
    if (this.token === null) return;
    for (const backend of ['api', 'bare']) {
      const init = { headers: { authorization: `Bearer ${this.token}` } };
      this.world.browser.fetch({ page: this, url: `${ORIGIN}/${backend}/all/`, init, op: NaN, dispatches: 0, answered: () => {} });
    }
  }

  async #hear(post: Post, response: Response | null): Promise<void> {
    const { history, agenda } = this.world;
    const text = (await response?.text().catch(() => '')) ?? '';
    const isQueued = response?.status === 202 && response.headers.has(ENTRY_HEADER);
    const kind = response === null ? 'error' : isQueued ? 'queued' : 'answer';
    const { op = NaN } = (kind === 'answer' && text.startsWith('{') ? JSON.parse(text) : {}) as { op?: number };
    const etag = response?.ok ? response.headers.get('etag') : null;
    if (etag && post.op.document) this.tags.set(pathOf(post.op.backend, post.op.document), etag);
    post.heard = { kind, status: response?.status ?? 0, op, at: agenda.now, order: history.next() };
    history.trace(() => `hears of op ${post.op.id}: ${kind} ${response?.status ?? ''} ${text}`);
    this.world.heard(post);
  }

  /** Asks the client for something, and notes what came of it. */
  async call(name: string, op: number | null, ask: (client: SyncClient) => Promise<unknown>): Promise<unknown> {
    const { history, agenda, app, setup } = this.world;
    if (!this.client) return null;
    const call: Call = { name, op, user: this.user, session: app.user, isUnheardOf: setup.sessions === 'token' && !history.shown.has(app.session().token ?? ''), at: agenda.now, order: history.next() };
    history.calls.push(call);
    this.world.called(this, call);
    history.trace(() => `calls ${name} ${op ?? ''}`);
    const answered = (result: unknown) => {
      call.result = result;
      call.answeredOrder = history.next();
      history.trace(() => `${name} ${op ?? ''}: ${result instanceof Error ? result.message : JSON.stringify(result)}`);
      this.world.answered(call);
      return result;
    };
    return ask(this.client).then(answered, answered);
  }
}
