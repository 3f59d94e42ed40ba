import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { describeStatus } from '../describe-status.js';
import { act, applies, mayRenew, messageOf, nameOf, type Action } from './actions.js';
import { HoldfastElement } from './element.js';
import { shortUrl } from './entry-list.js';
import { reasonOf, stateMark } from './state-icons.js';
import { scheme, theme } from './style.js';

/** So many are listed. */
const LISTED = 20;

/**
 * `<holdfast-status>`: how many requests wait, why, since when, and when the next try is; opened, a list of them with cancel and
 * retry. With the attribute `quiet` it isn't seen while nothing waits.
 *
 * `client`, `theme`, `locale` and the custom properties are those of `<holdfast-inspector>`. Parts:
 * `badge`, `popover`.
 *
 * @example <holdfast-status quiet></holdfast-status>
 */
export class HoldfastStatus extends HoldfastElement {
  static override properties: PropertyDeclarations = { said: { state: true }, asking: { state: true } };

  declare said: string;
  /** What is asked about before it's done, and with which entry. */
  declare asking: { action: Action; seq: number } | null;

  constructor() {
    super();
    this.said = '';
    this.asking = null;
  }

  protected override get most(): number {
    return 500;
  }

  #act(action: Action, entries: readonly EntryInfo[]): void {
    const { source, localizer } = this;
    this.asking = null;
    if (!source) return;
    act(source, action, entries, localizer).then(
      (said) => (this.said = said),
      (error: unknown) => (this.said = localizer.labels.failed(messageOf(error))),
    );
  }

  /** In one line, the worst first. */
  #summary(): { words: string; tone: string } {
    const { labels, number, locale } = this.localizer;
    const { status, entries } = this.view;
    const { status: words } = labels;
    const [why] = describeStatus(this.view, locale);
    if (!status || status.waiting + status.dead === 0) return { words: words.saved, tone: 'good' };
    const inDoubt = entries.filter((entry) => entry.inDoubt).length;
    const parts = [status.dead > inDoubt && words.dead(number(status.dead - inDoubt)), inDoubt > 0 && words.inDoubt(number(inDoubt))].filter(Boolean);
    const dead = parts.join(' · ') || null;
    const head = entries.find(({ state }) => state !== 'dead');
    if (!head || !why || status.waiting === 0) return { words: dead ?? words.saved, tone: 'bad' };
    return { words: dead ? `${dead} · ${why}` : why, tone: dead ? 'bad' : head.state === 'pending' || head.state === 'sending' ? 'muted' : 'warn' };
  }

  protected override updated(): void {
    const { status } = this.view;
    this.toggleAttribute('empty', !status || status.waiting + status.dead === 0);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { source, view, localizer } = this;
    if (!source || !view.status) return nothing;
    const { words, tone } = this.#summary();
    const isEmpty = view.status.waiting + view.status.dead === 0;
    return html`
      <button part="badge" popovertarget="list" class=${tone} ?disabled=${isEmpty}><span aria-hidden="true">${isEmpty ? '✓' : tone === 'bad' ? '!' : '●'}</span> ${words}</button>
      <span class="unseen" role="status">${words}</span>
      <div popover id="list" part="popover" role="dialog" aria-label=${localizer.labels.status.list} @toggle=${() => (this.said = '')}>${this.#list()}</div>
    `;
  }

  #list(): TemplateResult {
    const { view, localizer } = this;
    const { labels, number } = localizer;
    const waits = describeStatus(view, localizer.locale);
    const dead = view.entries.filter((entry) => applies('retry', entry));
    const listed = [...view.entries.filter(({ state }) => state === 'dead'), ...view.entries.filter(({ state }) => state !== 'dead')].slice(0, LISTED);
    const total = (view.status?.waiting ?? 0) + (view.status?.dead ?? 0);
    return html`
      <p role="status" class="muted">${this.said}</p>
      ${waits.length > 1 ? waits.map((why) => html`<p>${why}</p>`) : nothing}
      <ul>
        ${listed.map(
          (entry) => html`<li class=${entry.inDoubt ? 'doubt' : ''}>
            <span class="what"><b>${entry.method}</b> <span class="mono">${shortUrl(entry.url, entry.baseUrl)}</span></span>
            <span class="why">${stateMark(entry, localizer)} <span class="muted">${reasonOf(entry, localizer)}</span></span>
            <span class="act">${this.#actions(entry)}</span>
          </li>`,
        )}
      </ul>
      ${total > listed.length ? html`<p class="muted">${labels.status.more(number(total - listed.length))}</p>` : nothing}
      ${dead.length > 1 ? html`<button class="primary" @click=${() => this.#act('retry', dead)}>${labels.status.retryAll} (${number(dead.length)})</button>` : nothing}
    `;
  }

  #actions(entry: EntryInfo): TemplateResult | (TemplateResult | typeof nothing)[] {
    const { asking } = this;
    const { labels } = this.localizer;
    if (asking?.seq === entry.seq)
      return html`<span>${asking.action === 'renew' ? labels.renewSure : labels.discardSure('1')}</span> ${this.#button(asking.action, entry)}
        <button @click=${() => (this.asking = null)}>${labels.keep}</button>`;
    const actions: Action[] = entry.state !== 'dead' ? ['cancel'] : entry.inDoubt ? ['retry', ...(mayRenew(entry) ? (['renew'] as const) : []), 'discard'] : ['retry'];
    return actions.map((action) => this.#button(action, entry));
  }

  #button(action: Action, entry: EntryInfo): TemplateResult | typeof nothing {
    if (!applies(action, entry)) return nothing;
    const name = nameOf(action, entry, this.localizer);
    const asks = (action === 'renew' || action === 'discard') && this.asking?.seq !== entry.seq;
    const press = () => (asks ? (this.asking = { action, seq: entry.seq }) : this.#act(action, [entry]));
    return html`<button aria-label=${`${name}: ${entry.method} ${shortUrl(entry.url, entry.baseUrl)}`} @click=${press}>${name}</button>`;
  }

  static override styles = [
    theme,
    scheme,
    css`
      :host {
        display: inline-block;
        max-width: 100%;
      }
      :host([quiet][empty]) {
        display: none;
      }
      [part='badge'] {
        display: block;
        border-radius: 99px;
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      [part='badge'].good:disabled {
        color: var(--_good);
      }
      [popover] {
        color: var(--_text);
        background: var(--_back);
        border: 1px solid var(--_line);
        border-radius: calc(var(--_radius) * 1.5);
        box-shadow: 0 8px 28px rgb(0 0 0 / 22%);
        padding: 8px 12px 12px;
        width: min(420px, calc(100vw - 16px));
        max-height: min(480px, calc(100vh - 16px));
        overflow: auto;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
      }
      li {
        display: grid;
        grid-template: 'what act' auto 'why act' auto / minmax(0, 1fr) auto;
        gap: 0 10px;
        align-items: center;
        padding: 6px 0;
        border-bottom: 1px solid var(--_line);
      }
      .what {
        grid-area: what;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .why {
        grid-area: why;
        font-size: 12px;
      }
      .state {
        font-weight: 600;
      }
      li.doubt {
        grid-template: 'what' auto 'why' auto 'act' auto / minmax(0, 1fr);
      }
      .act {
        grid-area: act;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
      }
      .doubt .act,
      .primary {
        margin-top: 6px;
      }
      p {
        margin: 6px 0;
      }
      p:empty {
        display: none;
      }
    `,
  ];
}
