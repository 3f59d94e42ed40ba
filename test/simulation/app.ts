import type { Process } from './agenda.js';
import type { World } from './world.js';
import { tokenFor } from './tokens.js';

/** The app's own sessions: one user at a time, in all tabs. */
export class App {
  user: string | null = null;
  /** Whether its server for tokens answers. */
  works = true;
  /** When each token was made, by its serial number less one: its place in the order of all that has happened. */
  readonly made: number[] = [];
  /** Whose session the browser's cookie is, and since when. */
  cookie: string | null = null;
  cookieSince = 0;
  /** Of a session by cookie: whom Holdfast was told of last, unless something else is being said. */
  settledUser: string | null = null;
  /** Who was that when the last sign-out began. */
  leaving: string | null = null;
  /** How often something was said of a session. */
  said = 0;
  #changes: Process | null = null;
  #token: string | null = null;
  #serial = 0;

  constructor(readonly world: World) {}

  session(): { user: string | null; token: string | null } {
    return { user: this.user, token: this.#token };
  }

  /** Signs somebody in, or out with null. The other tabs hear of it a little later. */
  signIn(user: string | null): string | null {
    this.user = user;
    this.#token = user === null || this.world.setup.sessions === 'cookie' ? null : this.#make(user);
    const { agenda, chances, pages } = this.world;
    for (const page of pages) {
      if (!page?.isAlive) continue;
      if (page === agenda.current) page.sessionChanged();
      else agenda.in(chances.step('page'), page, () => page.sessionChanged());
    }
    return this.#token;
  }

  /** Whether a tab is about to sign somebody in or out. */
  get isChanging(): boolean {
    return this.#changes?.isAlive ?? false;
  }

  beginChange(by: Process): void {
    this.#changes = by;
  }

  endChange(): void {
    this.#changes = null;
  }

  unsettle(): void {
    this.said++;
    this.settledUser = null;
  }

  setCookie(user: string | null): void {
    this.cookie = user;
    this.cookieSince = this.world.agenda.now;
  }

  /** What the server for tokens gives a page whose session cookie is the user's. */
  freshToken(user: string | null): string | null {
    if (!this.works || user === null || user !== this.user || this.world.setup.sessions === 'cookie') return null;
    this.#token = this.#make(user);
    return this.#token;
  }

  /** Every token that's out is refused from now on, and every session is over. */
  lapse(): void {
    this.setCookie(null);
    this.world.server.validFrom = this.#serial + 1;
  }

  #make(user: string): string {
    const { tokenS, tokens } = this.world.setup;
    const issuedAt = Math.floor(this.world.serverNow() / 1000);
    this.made.push(this.world.history.next());
    return tokenFor({ user, issuedAt, expiresAt: issuedAt + tokenS, serial: ++this.#serial }, tokens);
  }
}
