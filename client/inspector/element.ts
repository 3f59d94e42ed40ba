import { LitElement, type PropertyDeclarations, type PropertyValues } from 'lit';
import type { SyncEvent } from '../../sw/protocol/events.js';
import type { InspectorClient } from './client.js';
import { findClient } from './find-client.js';
import { followOutbox } from '../outbox/follow.js';
import { NOTHING, type OutboxSnapshot } from '../outbox/snapshot.js';
import { localizerFor, type Localizer } from './localizer.js';

/** What the two elements share: a client, the outbox as it stands, a language, and the time. */
export abstract class HoldfastElement extends LitElement {
  static override properties: PropertyDeclarations = {
    client: { attribute: false },
    locale: { type: String },
    theme: { type: String, reflect: true },
    source: { state: true },
    view: { state: true },
    now: { state: true },
  };

  /** The page's client; null to find it. */
  declare client: InspectorClient | null;
  /** A BCP 47 tag. @default `install`'s locale, the element's `lang`, the browser's language */
  declare locale: string | null;
  /** `light`, `dark`, or as the page is. */
  declare theme: string | null;
  /** Undefined while it's looked for; null when there's none. */
  declare protected source: InspectorClient | null | undefined;
  declare protected view: OutboxSnapshot;
  declare protected now: number;
  protected localizer: Localizer = localizerFor(navigator.language);

  #end: AbortController | null = null;
  /** The `client` that it was started with. */
  #given: InspectorClient | null = null;
  #language = '';

  constructor() {
    super();
    this.client = this.locale = this.theme = null;
    this.view = NOTHING;
    this.now = Date.now();
  }

  /** How many entries are shown at the most. */
  protected get most(): number {
    return Infinity;
  }

  /** Events that came together. */
  protected heard(_events: readonly SyncEvent[]): void {}

  override connectedCallback(): void {
    super.connectedCallback();
    this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end?.abort();
    this.#end = null;
  }

  #start(): void {
    this.#end?.abort();
    const { signal } = (this.#end = new AbortController());
    this.#given = this.client;
    this.source = this.client ?? undefined;
    this.view = NOTHING;
    // Countdowns and ages; nobody sees them in a hidden tab.
    const timer = setInterval(() => document.hidden || (this.now = Date.now()), 1000);
    signal.addEventListener('abort', () => clearInterval(timer));
    void this.#find(signal);
  }

  async #find(signal: AbortSignal): Promise<void> {
    const client = this.client ?? (await findClient(signal));
    if (signal.aborted) return;
    this.source = client;
    if (client) {
      const changed = (view: OutboxSnapshot, events: readonly SyncEvent[]) => {
        this.view = view;
        this.now = Date.now();
        this.heard(events);
      };
      followOutbox({ client, signal, changed, limit: this.most });
    } else {
      // The page may get its worker later.
      navigator.serviceWorker?.addEventListener('controllerchange', () => this.#start(), { once: true, signal });
    }
  }

  protected override willUpdate(_changes: PropertyValues): void {
    // It may be set between the attachment and the first update.
    if (this.isConnected && this.client !== this.#given) this.#start();
    const wanted = [this.locale, this.view.status?.locale, this.closest('[lang]')?.getAttribute('lang'), navigator.language];
    if (wanted.join() === this.#language) return;
    this.#language = wanted.join();
    this.localizer = localizerFor(...wanted);
    this.lang = this.lang || this.localizer.locale;
  }
}
