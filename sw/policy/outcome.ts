/** The outcome of one send, as data. */
export type Outcome = Answer | NoAnswer | Unsendable | Aborted;

/** The server answered. */
export interface Answer {
  kind: 'answer';
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  /**
   * The parsed body: of a 401 and a 403, of a 409, 423 and 425 once the request may have been sent before, and with `auth.bodyErrors` of every answer to a bearer. JSON lines are an
   * array of the lines. Undefined when the body isn't JSON, is too long, or comes too slowly.
   */
  body?: unknown;
  /** Whether a bearer token reached the server that answered: a redirect to another origin drops it. */
  bearer: boolean;
  /** The URL that the answer came from, redirects followed (`Response.url`). */
  url?: string;
  /** Whether redirects were followed (`Response.redirected`). */
  redirected?: boolean;
  /** `Response.type`. */
  type?: string;
  /** A redirect that nobody may look into (`type` is `opaqueredirect`). */
  opaque?: boolean;
  /**
   * The answer is a page of HTML at another path, reached by a redirect, and the request hadn't asked for HTML: a login
   * page, for one, in place of the API's own answer.
   */
  isPage?: boolean;
  /**
   * The state of the JWT in a page's own first send. `over`: past its `exp` when it went out. `accepted`: good for
   * a minute or more, and accepted by this backend before. Left out when neither is known, and at replay.
   */
  token?: 'over' | 'accepted';
}

/** Nobody answered: the network failed, or the answer took too long. */
export interface NoAnswer {
  kind: 'unreachable';
  cause: 'network' | 'timeout';
  /** The backend answered another request right then. */
  witnessed?: boolean;
}

/** The platform refuses to build the request, or to send it. */
export interface Unsendable {
  kind: 'unsendable';
  message: string;
}

/** The user has cancelled the request. */
export interface Aborted {
  kind: 'aborted';
}

export type Verdict = 'delivered' | 'transient' | 'auth-expired' | 'permanent';
