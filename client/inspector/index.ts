/** The inspector's door: importing it defines `<holdfast-inspector>` and `<holdfast-status>`. */
import type { HoldfastElements } from '../elements.js';
import { EntryEditor } from './entry-editor.js';
import { EntryList } from './entry-list.js';
import { EntryDetails } from './entry-details.js';
import { HoldfastInspector } from './inspector.js';
import { JournalList } from './journal-list.js';
import { HoldfastStatus } from './status.js';

const ELEMENTS = {
  'holdfast-entry-editor': EntryEditor,
  'holdfast-entry-list': EntryList,
  'holdfast-entry-details': EntryDetails,
  'holdfast-journal-list': JournalList,
  'holdfast-inspector': HoldfastInspector,
  'holdfast-status': HoldfastStatus,
};

// A page may load it twice, by a script and by a bundle.
for (const [name, element] of Object.entries(ELEMENTS)) if (!customElements.get(name)) customElements.define(name, element);

declare global {
  // A global JSX: Preact's, and React's before 19.
  namespace JSX {
    interface IntrinsicElements extends HoldfastElements {}
  }
  interface HTMLElementTagNameMap {
    'holdfast-inspector': HoldfastInspector;
    'holdfast-status': HoldfastStatus;
  }
}

export { HoldfastInspector, HoldfastStatus };
export { describeStatus, type Standing } from '../describe-status.js';
export type { HoldfastElementAttributes, HoldfastElements } from '../elements.js';
export type { InspectorClient } from './client.js';
