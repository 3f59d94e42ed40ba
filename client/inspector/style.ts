import { css } from 'lit';

/** Light or dark: for the elements that a page has; those within follow them. */
export const scheme = css`
  :host {
    color-scheme: light dark;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
`;

/** The colours and sizes of all elements. Each can be set from outside. */
export const theme = css`
  :host {
    --_text: var(--holdfast-text, light-dark(#1d2129, #e6e8ec));
    --_muted: var(--holdfast-muted, light-dark(#565d6b, #a3aab8));
    --_back: var(--holdfast-background, light-dark(#ffffff, #1c1f26));
    --_raised: var(--holdfast-raised, light-dark(#f4f5f8, #262a33));
    --_line: var(--holdfast-line, light-dark(#d9dce3, #3b414d));
    --_accent: var(--holdfast-accent, light-dark(#1d5fd0, #8ab4ff));
    --_on-accent: var(--holdfast-on-accent, light-dark(#ffffff, #10203d));
    --_good: var(--holdfast-good, light-dark(#17703b, #6fcf97));
    --_warn: var(--holdfast-warn, light-dark(#8a5300, #f2bd63));
    --_bad: var(--holdfast-bad, light-dark(#b3261e, #ff9a90));
    --_font: var(--holdfast-font, system-ui, sans-serif);
    --_mono: var(--holdfast-mono, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace);
    --_radius: var(--holdfast-radius, 6px);
    font: 13px/1.45 var(--_font);
    color: var(--_text);
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    background: var(--_back);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    padding: 3px 10px;
    min-height: 28px;
  }
  input[type='checkbox'] {
    min-height: 0;
    accent-color: var(--_accent);
    margin: 0;
    width: 15px;
    height: 15px;
  }
  button {
    cursor: pointer;
    white-space: nowrap;
  }
  button:hover:not(:disabled) {
    background: var(--_raised);
  }
  button:disabled {
    color: var(--_muted);
    cursor: default;
  }
  button.primary {
    background: var(--_accent);
    border-color: var(--_accent);
    color: var(--_on-accent);
  }
  button.primary:hover {
    background: var(--_accent);
    filter: brightness(1.08);
  }
  button.danger {
    color: var(--_bad);
  }
  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 1px;
  }
  .muted {
    color: var(--_muted);
  }
  .good {
    color: var(--_good);
  }
  .warn {
    color: var(--_warn);
  }
  .bad {
    color: var(--_bad);
  }
  .mono {
    font-family: var(--_mono);
    font-size: 12px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
