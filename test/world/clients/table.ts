import { readFileSync } from 'node:fs';
import { always, chunks, note, NOTE, row, socketIo, tokens, tus } from './backends.js';
import { json, type Row } from './row.js';
import { MORE } from './more/table.js';

const BEARER = ['down', 'slow', 'holding'] as const;

const CORE: Row[] = [
  {
    client: 'supabase-js',
    packages: ['@supabase/supabase-js'],
    does: 'is opened with a session that’s over',
    page: 'supabase-auth',
    sees: 'retries',
    told: 'r1',
    backend: tokens((turn) => ({ access_token: `at${turn}`, refresh_token: `r${turn}`, token_type: 'bearer', expires_in: 3600, user: { id: 'ann' } })),
    effect: /^POST .*\/token/,
    faults: ['down'],
  },
  { client: 'supabase-js', packages: ['@supabase/supabase-js'], does: 'insert', page: 'supabase', sees: 'queued', backend: note, effect: /^POST .*\/notes/, faults: [...BEARER] },
  {
    client: 'PocketBase',
    packages: ['pocketbase'],
    does: 'authRefresh',
    page: 'pocketbase-auth',
    sees: 'error',
    told: { token: 'e30.e30.1', record: { id: 'ann' } },
    backend: tokens((turn) => ({ token: `e30.e30.${turn}`, record: { id: 'ann' } })),
    effect: /^POST .*\/auth-refresh/,
    faults: ['down'],
  },
  { client: 'PocketBase', packages: ['pocketbase'], does: 'create, with a file', page: 'pocketbase', sees: 'queued', backend: note, effect: /^POST .*\/records/, faults: [...BEARER] },
  {
    client: 'oidc-client-ts',
    packages: ['oidc-client-ts'],
    does: 'signinSilent, by a refresh token',
    page: 'oidc',
    sees: 'error',
    told: 'at1',
    backend: tokens((turn) => ({ access_token: `at${turn}`, refresh_token: `r${turn}`, token_type: 'Bearer', expires_in: 3600 })),
    effect: /^POST .*\/token/,
    faults: ['down'],
  },
  { client: 'axios', packages: ['axios', 'axios-auth-refresh'], does: 'post, with a refresh interceptor', page: 'axios', sees: 'queued', note: 'A token that’s over is a matter of `getToken`: the interceptor hears of no 401, unless `auth: { on401: \'pass\' }`', backend: note, effect: /^POST .*\/notes/, faults: [...BEARER] },
  { client: 'TanStack Query', packages: ['@tanstack/query-core'], does: 'a mutation with retries', page: 'tanstack-query', sees: 'queued', backend: note, effect: /^POST .*\/notes/, faults: [...BEARER] },
  { client: 'tRPC', packages: ['@trpc/client'], does: 'a mutation, with retryLink', page: 'trpc', sees: 'waits', told: NOTE, backend: always(json({ result: { data: NOTE } })), effect: /^POST .*\/trpc/, faults: [...BEARER] },
  {
    client: 'tRPC',
    packages: ['@trpc/client'],
    does: 'a batch, with retryLink',
    page: 'trpc',
    call: 'batch',
    sees: 'waits',
    told: [NOTE, NOTE],
    backend: always({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify([{ result: { data: NOTE } }, { result: { data: NOTE } }]) }),
    effect: /^POST .*\/trpc/,
  },
  { client: 'urql', packages: ['@urql/core', '@urql/exchange-retry'], does: 'a mutation, with retryExchange', page: 'urql', sees: 'waits', told: { id: 7 }, backend: always(json({ data: { add: { id: 7 } } })), effect: /^POST .*\/graphql/, faults: [...BEARER] },
  { client: 'htmx', packages: ['htmx.org'], does: 'hx-post', page: 'htmx', sees: 'unchanged', told: 204, backend: row, effect: /^POST .*\/notes/, screen: 'first', faults: [...BEARER] },
  { client: 'Turbo', packages: ['@hotwired/turbo'], does: 'a form', page: 'turbo', sees: 'unchanged', told: true, backend: row, effect: /^POST .*\/notes/, screen: 'first' },
  { client: 'Unpoly', packages: ['unpoly'], does: 'a form with up-submit', page: 'unpoly', sees: 'unchanged', told: 'rendered', backend: row, effect: /^POST .*\/notes/, screen: 'first' },
  { client: 'tus-js-client', packages: ['tus-js-client'], does: 'an upload', page: 'tus', sees: 'retries', told: 'uploaded', times: 3, backend: tus, effect: /^PATCH .*\/uploads/, faults: ['down', 'cut'] },
  { client: 'Uppy', packages: ['@uppy/xhr-upload', '@uppy/core'], does: 'an upload by XHR', page: 'uppy', sees: 'queued', told: 1, backend: note, effect: /^POST .*\/upload/, faults: [...BEARER] },
  { client: 'FilePond', packages: ['filepond'], does: 'an upload with the header `Holdfast-Mode: wait`', page: 'filepond', sees: 'waits', note: 'Without the header the 202’s JSON is the file’s id', told: 'file-1', backend: chunks, effect: /^POST .*\/upload/, faults: [...BEARER] },
  { client: 'FilePond', packages: ['filepond'], does: 'an upload in chunks', page: 'filepond', call: 'chunks', sees: 'error', told: 'file-1', times: 3, backend: chunks, effect: /^PATCH .*\/upload/, faults: ['down', 'cut'] },
  { client: 'socket.io-client', packages: ['socket.io-client'], does: 'a packet by polling', page: 'socket-io', sees: 'retries', told: 'kept', backend: socketIo, effect: /^POST .*\/socket\.io/, body: /note/, faults: ['cut'] },
];

/** Whether the libraries of `more` are run: `npm run test:clients` installs their packages. */
export const isMore = process.env['HOLDFAST_CLIENTS'] === 'more';

export const ROWS: Row[] = [...CORE, ...MORE];
export const RUN: Row[] = isMore ? MORE : CORE;

const read = (path: string) => (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { devDependencies: Record<string, string> }).devDependencies;
const VERSIONS = { ...read('../../../package.json'), ...read('./more/package.json') };

/** The library with the version that was run. */
export const versionOf = ({ packages }: Row): string => VERSIONS[packages[0]!] ?? '?';
