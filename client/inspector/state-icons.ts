import { html, type TemplateResult } from 'lit';
import type { EntryState } from '../../sw/protocol/api.js';
import type { Localizer } from './localizer.js';

/** How a state looks: a sign and a tone, beside its word. */
const MARKS: Record<EntryState, readonly [sign: string, tone: string]> = {
  pending: ['◷', 'muted'],
  sending: ['↑', 'good'],
  held: ['‖', 'warn'],
  parked: ['⌂', 'warn'],
  paused: ['‖', 'muted'],
  dead: ['✕', 'bad'],
};

export function stateMark(state: EntryState, { labels }: Localizer): TemplateResult {
  const [sign, tone] = MARKS[state];
  return html`<span class="state ${tone}"><span aria-hidden="true">${sign}</span> ${labels.states[state]}</span>`;
}
