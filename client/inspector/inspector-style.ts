import { css } from 'lit';

/** How `<holdfast-inspector>` is laid out. */
export const inspectorStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 520px;
    min-height: 0;
    overflow: hidden;
    background: var(--_back);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
  }
  .toolbar,
  .filter,
  .bulk {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    padding: 6px 10px;
  }
  .toolbar {
    border-bottom: 1px solid var(--_line);
    background: var(--_raised);
  }
  .spring {
    flex: 1;
  }
  .storage {
    flex-basis: 100%;
    font-size: 12px;
  }
  :host(:not([narrow])) .storage {
    flex-basis: auto;
    order: -1;
  }
  :host(:not([narrow])) [role='tablist'] {
    order: -2;
  }
  [role='tablist'] {
    display: flex;
    gap: 2px;
  }
  [role='tab'] {
    border-color: transparent;
    background: none;
  }
  [role='tab'][aria-selected='true'] {
    background: var(--_back);
    border-color: var(--_line);
    font-weight: 600;
  }
  .backends {
    list-style: none;
    margin: 0;
    padding: 6px 12px;
    display: grid;
    gap: 4px;
    border-bottom: 1px solid var(--_line);
    max-height: 30%;
    overflow: auto;
    flex: none;
  }
  .backends li {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    align-items: baseline;
  }
  .base {
    overflow-wrap: anywhere;
  }
  .gates {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    font-weight: 600;
  }
  .counts {
    font-size: 12px;
  }
  .said,
  .trouble {
    margin: 0;
    padding: 4px 12px;
    border-bottom: 1px solid var(--_line);
    font-size: 12px;
  }
  .outbox {
    display: grid;
    grid-template-columns: minmax(280px, 5fr) 6fr;
    min-height: 0;
    flex: 1;
  }
  .all {
    display: flex;
    flex-direction: column;
    min-height: 0;
    min-width: 0;
    border-inline-end: 1px solid var(--_line);
  }
  .filter {
    padding-inline-start: 8px;
    border-bottom: 1px solid var(--_line);
  }
  .filter input[type='search'] {
    flex: 1 1 100px;
    min-width: 0;
  }
  .bulk {
    background: var(--_raised);
    border-bottom: 1px solid var(--_line);
  }
  holdfast-entry-list {
    flex: 1;
  }
  holdfast-entry-details {
    min-width: 0;
  }
  holdfast-journal-list {
    flex: 1;
  }
  .none {
    padding: 20px 16px;
    margin: 0;
  }
  .none h2 {
    font-size: 15px;
    margin: 0 0 4px;
  }
  .choose {
    align-self: center;
    text-align: center;
  }
  :host([narrow]) .outbox {
    grid-template-columns: minmax(0, 1fr);
  }
  :host([narrow]) .choose,
  :host([narrow]) .told .all {
    display: none;
  }
  :host([narrow]) .all {
    border: 0;
  }
  @media (prefers-reduced-motion: no-preference) {
    button {
      transition: background 0.12s;
    }
  }
`;
