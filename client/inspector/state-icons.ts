import { html, type TemplateResult } from 'lit';
import type { EntryInfo, EntryState } from '../../sw/protocol/api.js';
import type { Localizer } from './localizer.js';

/** How a state looks: a sign and a tone, beside its word. */
const MARKS: Record<EntryState, readonly [sign: string, tone: string]> = {
  pending: ['◷', 'muted'],
  sending: ['↑', 'good'],
  held: ['‖', 'warn'],
  parked: ['⌂', 'warn'],
  paused: ['‖', 'muted'],
  orphaned: ['?', 'warn'],
  dead: ['✕', 'bad'],
};

/** The entry's reason, beside its state. Of an entry in doubt it's how the last send ended, and no reason for the doubt. */
export const reasonOf = ({ reason, inDoubt }: EntryInfo, { labels, reason: inWords }: Localizer): string =>
  inDoubt ? labels.inTheEnd(inWords(reason)) : inWords(reason);

const IN_DOUBT = ['?', 'warn'] as const;

export function stateMark({ state, inDoubt }: EntryInfo, { labels }: Localizer): TemplateResult {
  const [sign, tone] = inDoubt ? IN_DOUBT : MARKS[state];
  return html`<span class="state ${tone}"><span aria-hidden="true">${sign}</span> ${inDoubt ? labels.inDoubt : labels.states[state]}</span>`;
}
