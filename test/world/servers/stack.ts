import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers a request. Nobody awaits the result. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface Server {
  /**
   * Makes the server's request listener.
   *
   * @param act what the route does with the text of a write that it accepts
   */
  listener(act: (text: string) => void): Listener | Promise<Listener>;
  /** Ends what the listener has started. */
  close?(): Promise<void>;
}

/** A write, as the client that goes with a stack sends it. */
export interface Write {
  path: string;
  body: string;
  headers?: Record<string, string>;
}

/** A server framework with its authentication, set up as its documentation shows. */
export interface Stack extends Server {
  /** A token that the stack accepts for `lifeS` seconds. With a negative `lifeS` the token is over. @default 600 */
  goodToken(lifeS?: number): Promise<string>;
  /** A token that isn't over, and that the stack refuses all the same. */
  refusedToken(): Promise<string>;
  /** How a client writes. @default POST /api/notes with {"text"} */
  write?(text: string): Write | Promise<Write>;
  /** A sign-in with a wrong password, where the stack has a sign-in. */
  wrongPassword?: Write;
}

export const json = (path: string, value: object, headers: Record<string, string> = {}): Write => ({
  path,
  body: JSON.stringify(value),
  headers: { 'Content-Type': 'application/json', ...headers },
});
