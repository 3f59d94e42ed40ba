/** What one send yielded, as data. */
export type Outcome = Answer | NoAnswer | Unsendable | Aborted;

/** The server answered. */
export interface Answer {
  kind: 'answer';
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** The error body, parsed, when it's JSON; else undefined. */
  body?: unknown;
  /** Whether the request carried a bearer token. */
  bearer: boolean;
  /** A redirect that nobody may look into (`Response.type` is `opaqueredirect`). */
  opaque?: boolean;
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
