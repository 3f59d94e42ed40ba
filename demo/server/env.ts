import type { HttpBindings } from '@hono/node-server';

/** What a request may be refused for. */
export type Credential = 'token' | 'session' | 'csrf';

/** What travels with a request through the demo's server. */
export interface DemoEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Who asks, as far as the token says so. */
    user: string;
    /** What the request is about, for the log: a report's title. */
    about: string;
    /** The credential that the request was refused for. */
    refused: Credential;
    /** The answer is a repeated one. */
    repeated: boolean;
    /** The answer is thrown away on its way. */
    lost: boolean;
  };
}
