/** The inspector's door: importing it defines `<holdfast-inspector>` and `<holdfast-status>`. */
import { HoldfastInspector } from './inspector.js';
import { HoldfastStatus } from './status.js';

// A page may load it twice, by a script and by a bundle.
if (!customElements.get('holdfast-inspector')) customElements.define('holdfast-inspector', HoldfastInspector);
if (!customElements.get('holdfast-status')) customElements.define('holdfast-status', HoldfastStatus);

declare global {
  interface HTMLElementTagNameMap {
    'holdfast-inspector': HoldfastInspector;
    'holdfast-status': HoldfastStatus;
  }
}

export { HoldfastInspector, HoldfastStatus };
export type { InspectorClient } from './client.js';
