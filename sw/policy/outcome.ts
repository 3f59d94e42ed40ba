/** What one send yielded, as data. */
export type Outcome = Answer | NoAnswer | Unsendable | Aborted;

/** The server answered. */
export interface Answer {
  kind: 'answer';
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /**
   * The body, parsed: of a 401 and a 403, and with `auth.bodyErrors` of every answer to a bearer. JSON lines are an
   * array of the lines. Undefined when it isn't JSON, is too long, or comes too slowly.
   */
  body?: unknown;
  /** Whether the request carried a bearer token, as far as the server that answered: a redirect to another origin drops it. */
  bearer: boolean;
  /** Where the answer came from, redirects followed (`Response.url`). */
  url?: string;
  /** Whether redirects were followed (`Response.redirected`). */
  redirected?: boolean;
  /** `Response.type`. */
  type?: string;
  /** A redirect that nobody may look into (`type` is `opaqueredirect`). */
  opaque?: boolean;
  /**
   * A page of HTML, by a redirect to another path, where the request hadn't asked for any: a login page, for one,
   * and not the answer of what the request was meant for.
   */
  isPage?: boolean;
  /**
   * What was known of the JWT in a page's own first send. `over`: past its `exp` when it went out. `accepted`: good for
   * a minute or more, and this backend has accepted it before. Left out when neither is known, and at replay.
   */
  token?: 'over' | 'accepted';
}

/** Nobody answered: the network failed, or it took too long. */
export interface NoAnswer {
  kind: 'unreachable';
  cause: 'network' | 'timeout';
}

/** There's no sending this: the platform refuses to build the request. */
export interface Unsendable {
  kind: 'unsendable';
  message: string;
}

/** The user doesn't want it any more. */
export interface Aborted {
  kind: 'aborted';
}

export type Verdict = 'delivered' | 'transient' | 'auth-expired' | 'permanent';
