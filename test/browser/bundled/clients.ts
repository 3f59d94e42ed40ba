/** HTTP clients as an app uses them, each behind the same call, in a page's bundle. */
import axios, { type AxiosRequestConfig } from 'axios';
import { GraphQLClient } from 'graphql-request';
import ky, { type Options } from 'ky';

export interface Write {
  /** Under the page's origin. */
  path: string;
  token?: string;
  headers?: Record<string, string>;
}

/** What the client gives its caller; for an error, its code or its name. */
export interface Got {
  status: number;
  body: unknown;
  error?: string;
}

const NOTE = { title: 'Zoë', tags: [1, 2] };

function form(): FormData {
  const made = new FormData();
  made.append('title', 'Zoë');
  made.append('photo', new File([new Uint8Array([0, 255, 13, 10])], 'p.png', { type: 'image/png' }));
  return made;
}

const headersOf = ({ token, headers }: Write): Record<string, string> => ({ ...headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) });

const parsed = (text: string): unknown => (text.startsWith('{') ? JSON.parse(text) : text);
const read = async (response: Response): Promise<Got> => ({ status: response.status, body: parsed(await response.text()) });

async function byFetch(write: Write, { type, ...init }: RequestInit & { type?: string }): Promise<Got> {
  const headers = { ...headersOf(write), ...(type !== undefined && { 'Content-Type': type }) };
  return read(await fetch(write.path, { method: 'POST', headers, ...init }));
}

async function byAxios(write: Write, data: unknown, config: AxiosRequestConfig): Promise<Got> {
  const { status, data: body } = await axios.post<unknown>(write.path, data, { headers: headersOf(write), ...config });
  return { status, body };
}

const byKy = async (write: Write, options: Options): Promise<Got> => read(await ky(write.path, { method: 'post', headers: headersOf(write), ...options }));

export const MUTATION = 'mutation Add($title: String!) { add(title: $title) { id } }';
export const QUERY = 'query All { all { id } }';

/** The app's own rule by which a request says what it is: the worker can't read its body in time. */
const isMutation = (body: unknown): boolean => /^\s*mutation\b/.test((JSON.parse(String(body)) as { query: string }).query);

/** How an app tells the worker. `header`, `url`: for its `match`. `bypass`: Holdfast's own header, on what isn't to be stored. */
const says = {
  header: (client: string, headers: Headers, mutates: boolean) => {
    headers.set('X-GraphQL-Operation', mutates ? 'mutation' : 'query');
    return client;
  },
  url: (client: string, _headers: Headers, mutates: boolean) => (mutates ? `${client}?mutation` : client),
  bypass: (client: string, headers: Headers, mutates: boolean) => {
    if (!mutates) headers.set('Holdfast-Mode', 'bypass');
    return client;
  },
};
export type Way = keyof typeof says;

async function byGraphQL(write: Write, document: string, way: Way): Promise<Got> {
  const client = new GraphQLClient(`${location.origin}${write.path}`, {
    headers: headersOf(write),
    requestMiddleware: (request) => {
      const headers = new Headers(request.headers);
      return { ...request, headers, url: says[way](request.url, headers, isMutation(request.body)) };
    },
  });
  const { status, data } = await client.rawRequest<unknown>(document, { title: 'Zoë' });
  return { status, body: data };
}

const json = (value: unknown) => ({ body: JSON.stringify(value), type: 'application/json' });

export const clients = {
  fetch: (write: Write) => byFetch(write, json(NOTE)),
  'fetch with keepalive': (write: Write) => byFetch(write, { ...json(NOTE), keepalive: true }),
  'fetch of a form with a file': (write: Write) => byFetch(write, { body: form() }),
  'axios by XMLHttpRequest': (write: Write) => byAxios(write, NOTE, { adapter: 'xhr' }),
  'axios by XMLHttpRequest, a form with a file, with progress': (write: Write) =>
    byAxios(write, form(), { adapter: 'xhr', onUploadProgress: () => {} }),
  'axios by fetch': (write: Write) => byAxios(write, NOTE, { adapter: 'fetch' }),
  // Axios makes a stream of the body, with `duplex: 'half'`.
  'axios by fetch, a form with a file, with progress': (write: Write) =>
    byAxios(write, form(), { adapter: 'fetch', onUploadProgress: () => {} }),
  ky: (write: Write) => byKy(write, { json: NOTE }),
  'ky, a form with a file': (write: Write) => byKy(write, { body: form() }),
  'graphql-request': (write: Write) => byGraphQL(write, MUTATION, 'header'),
};
export type ClientName = keyof typeof clients;

/** When a client gives up by itself: axios and ky have the same names for it. */
interface Patience {
  /** In milliseconds. */
  timeout?: number;
  signal?: AbortSignal;
}
const patient = {
  fetch: (write: Write, { timeout, signal }: Patience) =>
    byFetch(write, { ...json(NOTE), signal: timeout === undefined ? (signal ?? null) : AbortSignal.timeout(timeout) }),
  'axios by XMLHttpRequest': (write: Write, patience: Patience) => byAxios(write, NOTE, { adapter: 'xhr', ...patience }),
  'axios by fetch': (write: Write, patience: Patience) => byAxios(write, NOTE, { adapter: 'fetch', ...patience }),
  ky: (write: Write, patience: Patience) => byKy(write, { json: NOTE, ...patience }),
};
export type PatientName = keyof typeof patient;

let patience = new AbortController();

/** All of them throw for what isn't a success, and have the answer in `response` when there was one. */
function failed(error: unknown): Got {
  const { name, code, response } = error as Error & { code?: string | number; response?: { status: number } };
  // A DOMException's code is a number out of the past.
  return { status: response?.status ?? 0, body: null, error: typeof code === 'string' ? code : name };
}

export const app = {
  write: (name: ClientName, write: Write) => clients[name](write).catch(failed),
  inTime: (name: PatientName, write: Write, timeout: number) => patient[name](write, { timeout }).catch(failed),
  /** Until `giveUp` is called: as a timeout does it, at a moment that the test knows. */
  untilGivenUp: (name: PatientName, write: Write) => {
    patience = new AbortController();
    return patient[name](write, { signal: patience.signal }).catch(failed);
  },
  giveUp: () => patience.abort(),
  put: (write: Write, retry?: number) => byKy(write, { method: 'put', json: NOTE, ...(retry !== undefined && { retry }) }).catch(failed),
  graphql: (write: Write, document: 'mutation' | 'query', way: Way) => byGraphQL(write, document === 'mutation' ? MUTATION : QUERY, way).catch(failed),
};

declare global {
  interface Window {
    http: typeof app;
  }
}
window.http = app;
