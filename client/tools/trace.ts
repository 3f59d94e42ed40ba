import type { Heard, SyncEvent } from '../../sw/protocol/events.js';

export interface TracePorts {
  performance: Pick<Performance, 'measure' | 'timeOrigin'>;
  /** Calls `task` once, `ms` from now. Gives the way to stop it. */
  after(ms: number, task: () => void): () => void;
}

/** Sends that follow each other within this are one drain, in milliseconds. */
const GAP_MS = 100;

type Colour = 'primary' | 'secondary' | 'tertiary' | 'error' | 'warning';

interface Span {
  name: string;
  start: number;
  end: number;
  color: Colour;
  properties?: [string, string][];
}

/**
 * Draws attempts, holds and drains into a recording of the Performance panel, as a track of their own.
 * @see https://developer.chrome.com/docs/devtools/performance/extension
 */
export function createTrace({ performance, after }: TracePorts): (event: Heard) => void {
  const sending = new Map<number, SyncEvent & { type: 'sending' }>();
  const holds = new Map<string, SyncEvent & { type: 'held' }>();
  let drain: { start: number; sends: number } | null = null;
  let keepOpen = () => {};

  const measure = ({ name, start, end, color, properties = [] }: Span) => {
    const devtools = { dataType: 'track-entry', track: 'Holdfast', color, properties, tooltipText: name };
    const since = (at: number) => Math.max(0, at - performance.timeOrigin);
    performance.measure(name, { start: since(start), end: since(Math.max(start, end)), detail: { devtools } });
  };

  const ended = (event: SyncEvent, color: Colour, seq: number, came: string) => {
    const begun = sending.get(seq);
    if (!begun) return;
    sending.delete(seq);
    const { method, url, id, lane, send, at } = begun;
    const { pathname } = new URL(url);
    const properties: [string, string][] = [['Id', id], ['Lane', lane], ['Send', String(send)], ['Came to', came]];
    measure({ name: `${method} ${pathname}`, start: at, end: event.at, color, properties });
    if (sending.size === 0) keepOpen = after(GAP_MS, () => endDrain(event.at));
  };

  const endDrain = (end: number) => {
    if (drain) measure({ name: `Drain of ${drain.sends}`, start: drain.start, end, color: 'secondary' });
    drain = null;
  };

  return (event) => {
    switch (event.type) {
      case 'sending':
        keepOpen();
        drain ??= { start: event.at, sends: 0 };
        drain.sends++;
        sending.set(event.seq, event);
        return;
      case 'delivered':
        return ended(event, 'primary', event.seq, `delivered (${event.status})`);
      case 'retrying':
        return ended(event, 'warning', event.seq, event.reason);
      case 'failed':
        return ended(event, 'error', event.seq, event.reason);
      case 'cancelled':
        return ended(event, 'tertiary', event.seq, 'cancelled');
      case 'held': {
        const refused = [...sending.values()].find(({ id, baseUrl, namespace }) => id === event.id && baseUrl === event.baseUrl && namespace === event.namespace);
        if (refused) ended(event, 'warning', refused.seq, event.reason);
        holds.set(gateOf(event), event);
        return;
      }
      case 'released': {
        const held = holds.get(gateOf(event));
        if (!held) return;
        holds.delete(gateOf(event));
        measure({ name: `Hold: ${held.reason}`, start: held.at, end: event.at, color: 'error', properties: [['Backend', held.baseUrl]] });
      }
    }
  };
}

const gateOf = ({ namespace, baseUrl, owner }: SyncEvent & { type: 'held' | 'released' }): string => JSON.stringify([namespace, baseUrl, owner]);
