import { css } from 'lit';

/** How an entry's story looks. */
export const storyStyle = css`
  :host {
    display: block;
    overflow: auto;
    padding: 10px 14px 20px;
  }
  h2 {
    font-size: 14px;
    margin: 0;
    overflow-wrap: anywhere;
  }
  h2 .mono {
    font-size: 13px;
    font-weight: 400;
  }
  h3 {
    font-size: 12px;
    margin: 16px 0 4px;
  }
  p {
    margin: 2px 0;
  }
  .state {
    font-weight: 600;
  }
  .doubt {
    margin-top: 8px;
    max-width: 60ch;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
    margin-top: 8px;
  }
  .back {
    display: none;
    margin-bottom: 8px;
  }
  ol.line {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .line li > span:first-child {
    display: inline-block;
    width: 14px;
  }
  pre,
  table,
  dl {
    background: var(--_raised);
    border-radius: var(--_radius);
    margin: 0;
    padding: 8px 10px;
  }
  pre {
    max-height: 320px;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  pre.hex {
    white-space: pre;
  }
  table {
    width: 100%;
    border-collapse: separate;
    border-spacing: 0 1px;
    table-layout: fixed;
  }
  th,
  td {
    text-align: start;
    vertical-align: top;
    font-weight: 400;
    overflow-wrap: anywhere;
    padding: 1px 0;
  }
  th {
    color: var(--_muted);
    width: 36%;
    padding-inline-end: 10px;
  }
  h4 {
    font-size: 12px;
    font-weight: 400;
    margin: 0 0 4px;
    color: var(--_muted);
  }
  .versions th,
  .versions td {
    white-space: pre-wrap;
    padding-inline-end: 10px;
  }
  .versions th {
    width: 24%;
  }
  .versions thead th:not(:first-child) {
    width: 38%;
  }
  .versions .differs th,
  .versions .differs td {
    color: var(--_text);
    font-weight: 600;
  }
  .versions .differs th span:first-child {
    color: var(--_warn);
  }
  .versions .same td {
    color: var(--_muted);
  }
  .sides {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(180px, 1fr));
    gap: 8px;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 2px 14px;
    margin-top: 16px;
  }
  dt {
    color: var(--_muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  :host([narrow]) .back {
    display: inline-block;
  }
  @media (max-width: 480px) {
    dl {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    dd {
      margin-bottom: 4px;
    }
  }
`;
