/** HTTP Archive 1.2, as far as it's written here: http://www.softwareishard.com/blog/har-12-spec/ */
export interface Har {
  log: {
    version: '1.2';
    creator: HarNamed;
    pages: never[];
    entries: HarEntry[];
    comment: string;
  };
}

interface HarNamed {
  name: string;
  version: string;
}

/** A header as HAR 1.2 has it, secrets masked. */
export interface HarHeader {
  name: string;
  value: string;
}

export interface HarEntry {
  /** ISO 8601. */
  startedDateTime: string;
  /** Milliseconds, as all times are. */
  time: number;
  request: HarRequest;
  response: HarResponse;
  cache: Record<string, never>;
  /** -1 where it isn't known. */
  timings: { blocked: number; dns: number; connect: number; ssl: number; send: number; wait: number; receive: number };
  comment?: string;
  /**
   * The checkpoint key of the outbox's entry, and which of its sends this was; 0: none yet. `inDoubt`: the entry ended with it, and
   * the server may have acted on one of its sends.
   */
  _holdfast: { key: string; send: number; inDoubt?: true };
}

export interface HarRequest {
  method: string;
  url: string;
  httpVersion: string;
  cookies: never[];
  headers: HarHeader[];
  queryString: HarHeader[];
  headersSize: -1;
  /** -1 where it isn't known. */
  bodySize: number;
  postData?: HarPostData;
}

export interface HarPostData {
  mimeType: string;
  text: string;
  /** Of a form, in place of the text's own structure. */
  params?: HarHeader[];
  comment?: string;
}

export interface HarResponse {
  /** 0 where nobody answered. */
  status: number;
  statusText: string;
  httpVersion: string;
  cookies: never[];
  headers: HarHeader[];
  content: { size: number; mimeType: string; text?: string; encoding?: 'base64'; comment?: string };
  redirectURL: string;
  headersSize: -1;
  bodySize: number;
  /** Why nobody answered; Chrome shows it. */
  _error?: string;
}
