import type { Received, Reply } from './api-server.js';
import { between, type Random } from '../chaos/random.js';

export interface FeedOptions {
  /** Ids go from 1 to this; then comes `event: done`. */
  total: number;
  /** So many connections are cut, each after up to `atMost` events, in the middle of the next one. */
  cuts: number;
  atMost: number;
  random: Random;
  /** By the connection's number, from 1: it's left open, and whoever is here gets the way to cut it. */
  held?: ReadonlyMap<number, (cut: () => void) => void>;
}

const message = (id: number) => `id: ${id}\ndata: {"n":${id}}\n\n`;

/** An endpoint that streams numbered events, goes on after `Last-Event-ID`, and breaks its connections. */
export function createFeed({ total, cuts, atMost, random, held = new Map() }: FeedOptions) {
  let left = cuts;
  const feed = {
    /** The ids that were asked for, one a connection. */
    resumed: [] as number[],
    get cutsLeft() {
      return left;
    },
    reply({ headers }: Received): Reply {
      const after = Number(headers['last-event-id'] ?? 0);
      feed.resumed.push(after);
      const isCut = left > 0;
      const afterMs = between(random, 0, 40);
      const last = isCut ? Math.min(total, after + between(random, 1, atMost)) : total;
      let text = 'retry: 5\n';
      for (let id = after + 1; id <= last; id++) text += message(id);
      const torn = message(last + 1);
      text += isCut ? torn.slice(0, between(random, 0, torn.length - 1)) : 'event: done\ndata: {}\n\n';
      const holder = held.get(feed.resumed.length);
      if (isCut) left--;
      return (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        if (!isCut) return void response.end(text);
        const cut = () => void response.destroy();
        // A browser throws away what it hasn't handed on when a connection breaks, so some of it needs a moment.
        response.write(text, () => (holder ? holder(cut) : void setTimeout(cut, afterMs)));
      };
    },
  };
  return feed;
}

/** A stream that says this much, and stays open. `onClose` hears when the other side has gone. */
export const openStream =
  (text: string, onClose = () => {}): Reply =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(text);
    response.once('close', onClose);
  };

export const closedStream =
  (text: string): Reply =>
  (response) =>
    void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text);
