import { connect } from '../connect.js';
import type { InspectorClient } from './client.js';

/**
 * The page's client: the drop-in's, or one of the element's own where the page has a registration. Null
 * where there's nothing to connect to.
 */
export async function findClient(signal: AbortSignal): Promise<InspectorClient | null> {
  if (window.holdfast) return window.holdfast;
  const found = await navigator.serviceWorker?.getRegistration();
  if (!found) {
    const ready = new Promise<InspectorClient | null>((resolve) => {
      addEventListener('holdfast-ready', () => resolve(window.holdfast ?? null), { once: true, signal });
    });
    const isComing = document.querySelector('script[data-worker]') !== null;
    return isComing ? ready : null;
  }
  const client = await connect({ persist: false }).catch(() => null);
  if (client) signal.addEventListener('abort', () => client.close());
  if (client && signal.aborted) client.close();
  return client;
}
