import type { Listener } from '../stack.js';

/** What the route answers to a write. */
export interface Done {
  status: number;
  headers?: Record<string, string>;
}

/** What the route does with the text of a write: it answers, or throws. */
export type Act = (text: string) => Promise<Done>;

/** A server framework with its idempotency layer, set up as the layer's documentation shows, over a store of its own. */
export interface Layer {
  /** Makes a server over the store. The second one over the same store is the server after a crash. */
  listener(act: Act): Listener | Promise<Listener>;
  /** What the store does when the server before has died. */
  crash?(): Promise<void>;
  close?(): Promise<void>;
}

/** The route's body: an answer without one isn't kept by each layer. */
export const bodyOf = (status: number) => ({ answered: status });
