import type { Received, Reply } from './api-server.js';
import { between, type Random } from '../chaos/random.js';

export interface FeedOptions {
  /** The last id: ids begin at 1, and `event: done` follows the last one. */
  total: number;
  /** How many connections are cut, each after up to `atMost` events, in the middle of the next event. */
  cuts: number;
  atMost: number;
  random: Random;
  /** Connections that are left open, by their number from 1: each function here is given the way to cut its connection. */
  held?: ReadonlyMap<number, (cut: () => void) => void>;
}

const message = (id: number) => `id: ${id}\ndata: {"n":${id}}\n\n`;

/** An endpoint that streams numbered events, goes on after `Last-Event-ID`, and breaks its connections. */
export function createFeed({ total, cuts, atMost, random, held = new Map() }: FeedOptions) {
  let left = cuts;
  const feed = {
    /** The `Last-Event-ID` of each connection, in their order. */
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
        // A browser throws away bytes that it hasn't handed on when a connection breaks, so the bytes need a moment.
        response.write(text, () => (holder ? holder(cut) : void setTimeout(cut, afterMs)));
      };
    },
  };
  return feed;
}

/** A stream that sends `text` and stays open. `onClose` is called when the other side has gone. */
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
