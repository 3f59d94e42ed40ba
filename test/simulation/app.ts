import type { World } from './world.js';
import { tokenFor } from './tokens.js';

/** The app's own sessions: one user at a time, in all tabs. */
export class App {
  user: string | null = null;
  /** Whether its server for tokens answers. */
  works = true;
  /** When each token was made, by its serial number less one: its place in the order of all that has happened. */
  readonly made: number[] = [];
  #token: string | null = null;
  #serial = 0;

  constructor(readonly world: World) {}

  session(): { user: string | null; token: string | null } {
    return { user: this.user, token: this.#token };
  }

  /** Signs somebody in, or out with null. The other tabs hear of it a little later. */
  signIn(user: string | null): string | null {
    this.user = user;
    this.#token = user === null ? null : this.#make(user);
    const { agenda, chances, pages } = this.world;
    for (const page of pages) {
      if (!page?.isAlive) continue;
      if (page === agenda.current) page.sessionChanged();
      else agenda.in(chances.step('page'), page, () => page.sessionChanged());
    }
    return this.#token;
  }

  /** What the server for tokens gives a page whose session cookie is the user's. */
  freshToken(user: string | null): string | null {
    if (!this.works || user === null || user !== this.user) return null;
    this.#token = this.#make(user);
    return this.#token;
  }

  /** Every token that's out is refused from now on. */
  lapse(): void {
    this.world.server.validFrom = this.#serial + 1;
  }

  #make(user: string): string {
    const { tokenS, tokens } = this.world.setup;
    const issuedAt = Math.floor(this.world.now() / 1000);
    this.made.push(this.world.history.next());
    return tokenFor({ user, issuedAt, expiresAt: issuedAt + tokenS, serial: ++this.#serial }, tokens);
  }
}
