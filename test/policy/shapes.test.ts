import { describe, expect, test } from 'vitest';
import { graphqlOperation, shapedAnswer } from '../../sw/policy/shapes.js';

const answer = (path: string, headers: Record<string, string> = {}) =>
  shapedAnswer(new Request(`https://app.example${path}`, { method: 'POST', headers }));

describe('W2 the answer to a request’s shape', () => {
  test.each<[client: string, path: string, headers: Record<string, string>, answer: string]>([
    ['Apollo Client 4', '/api', { Accept: 'application/graphql-response+json,application/json;q=0.9' }, 'wait'],
    ['urql', '/api', { Accept: 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed' }, 'wait'],
    ['any GraphQL client', '/api/graphql', { Accept: '*/*' }, 'wait'],
    ['any GraphQL client, with a slash', '/api/graphql/?op=Add', {}, 'wait'],
    ['tRPC', '/trpc/note.add', {}, 'wait'],
    ['tRPC in a batch', '/api/trpc/note.add,note.add?batch=1', {}, 'wait'],
    ['React Router', '/notes.data?index', { Accept: '*/*' }, 'wait'],
    ['React Router at the root', '/_root.data', {}, 'wait'],
    ['SvelteKit', '/notes?/add', { Accept: 'application/json', 'X-SvelteKit-Action': 'true' }, 'wait'],
    ['Astro', '/_actions/addNote/', { Accept: 'application/json' }, 'wait'],
    ['Inertia', '/notes', { Accept: 'text/html, application/xhtml+xml', 'X-Inertia': 'true', 'X-Inertia-Version': '' }, 'wait'],
    ['htmx', '/notes', { 'HX-Request': 'true', Accept: '*/*' }, 'empty'],
    ['Unpoly', '/notes', { 'X-Up-Version': '3.14.3', Accept: 'text/html' }, 'empty'],
    ['Turbo', '/notes', { Accept: 'text/vnd.turbo-stream.html, text/html, application/xhtml+xml' }, 'stream'],
  ])('%s', (_client, path, headers, expected) => {
    expect(answer(path, headers)).toBe(expected);
  });

  test.each<[path: string, headers: Record<string, string>]>([
    ['/api/notes', { Accept: 'application/json' }],
    ['/api/notes', { Accept: '*/*', 'X-Requested-With': 'XMLHttpRequest' }],
    ['/api/notes', { Accept: 'text/html' }],
    ['/api/graphql-notes', {}],
    ['/api/data', {}],
    ['/api/notes.data/7', {}],
    ['/api/notes?next=/trpc/x', {}],
    ['/api/actions/7', {}],
    ['/api/notes/e', {}],
    ['/ph/e/', { 'Content-Type': 'text/plain' }],
  ])('is none for %s %j, which gets the 202', (path, headers) => {
    expect(answer(path, headers)).toBeUndefined();
  });
});

describe('W2 the answer to what posthog-js 1.449.2 sends', () => {
  const bytes = (text: string) => Uint8Array.from(text, (unit) => unit.charCodeAt(0)).buffer;
  const of = (path: string, body: unknown) => shapedAnswer(new Request(`https://app.example${path}`, { method: 'POST' }), body);

  test.each([
    ['gzipped, as text/plain', '/ph/e/', '\x1f\x8b\b\0\0\0\0\0'],
    ['as JSON, before the server has named its compressions', '/ph/e/', '{"api_key":"phc_key","batch":[]}'],
    ['again', '/ph/e/?retry_count=1', '{"api_key":"phc_key","batch":[]}'],
  ])('is an empty 200 for events %s', (_how, path, body) => {
    expect(of(path, bytes(body))).toBe('stream');
  });

  test.each([
    ['JSON of an app', '/api/e/', '{"name":"Ann"}'],
    ['a form of an app', '/api/e/', 'name=ann'],
    ['a form from `sendBeacon`, whose answer nobody reads', '/ph/e/?compression=base64', 'data=eyJhcGlfa2V5IjoicGhjX2tleSIs'],
    ['text', '/api/e/', 'data'],
    ['the same JSON at another path', '/api/notes/', '{"api_key":"phc_key","batch":[]}'],
    ['nothing', '/api/e/', ''],
  ])('is none for %s, which gets the 202', (_what, path, body) => {
    expect(of(path, bytes(body))).toBeUndefined();
  });

  test('is none for a body that is too large to be looked into', () => {
    expect(of('/api/e/', new Blob(['{"api_key":']))).toBeUndefined();
  });
});

describe('W2 a body that is a GraphQL operation', () => {
  const of = (body: unknown, contentType: string | undefined = 'application/json') => graphqlOperation(contentType, new TextEncoder().encode(JSON.stringify(body)).buffer);
  const both = 'query Notes { notes { id } } mutation Add { add { id } }';

  test.each<[what: string, body: unknown, kind: 'read' | 'write' | null]>([
    ['a query', { query: 'query Notes($first: Int = 3) @cached(ttl: 5) { notes(first: $first) { id } }' }, 'read'],
    ['a query without a name', { query: '{ notes { id } }' }, 'read'],
    ['a query behind its fragment', { query: 'fragment Note on Note { id }\nquery { notes { ...Note } }' }, 'read'],
    ['a query behind a comment', { query: '# mutation { add }\nquery { notes { id } }' }, 'read'],
    ['a query called mutation', { query: 'query mutation { mutation { id } }' }, 'read'],
    ['a query with a variable called mutation', { query: 'query Q($mutation: In = { a: "} mutation {" }) { notes(by: $mutation) { id } }' }, 'read'],
    ['a query with strings in blocks', { query: 'query { notes(q: """ } \\""" mutation { """) { id } }' }, 'read'],
    ['a subscription', { query: 'subscription { added { id } }' }, 'read'],
    ['a mutation', { operationName: 'Add', query: 'mutation Add($text: String!) {\n  add(text: $text) { id }\n}' }, 'write'],
    ['a mutation without a name', { query: 'mutation{add{id}}' }, 'write'],
    ['a mutation behind a query, with no name to choose by', { query: both }, 'write'],
    ['the mutation of two operations', { query: both, operationName: 'Add' }, 'write'],
    ['the query of two operations', { query: both, operationName: 'Notes' }, 'read'],
    ['a batch of queries', [{ query: '{ a }' }, { query: 'query B { b }' }], 'read'],
    ['a batch with a mutation', [{ query: '{ a }' }, { query: 'mutation { b }' }], 'write'],
    ['a batch with a persisted operation, which may be a mutation', [{ query: '{ a }' }, { extensions: { persistedQuery: { sha256Hash: 'x' } } }], 'write'],
    ['a persisted operation alone', { operationName: 'Add', extensions: { persistedQuery: { sha256Hash: 'x' } } }, null],
    ['a search', { query: 'shoes' }, null],
    ['a search with brackets', { query: 'shoes {red}' }, null],
    ['a search with brackets at the end of words', { query: 'query shoes' }, null],
    ['an Elasticsearch query', { query: { match: { query: 'x' } } }, null],
    ['a document that isn’t closed', { query: 'query { notes { id }' }, null],
    ['text that speaks of a query', { text: '"query": "{ a }"' }, null],
    ['nothing', null, null],
  ])('%s', (_what, body, kind) => {
    expect(of(body)).toBe(kind);
  });

  test('is none in another type, or in broken JSON', () => {
    expect(of({ query: '{ a }' }, 'text/plain')).toBeNull();
    expect(of({ query: '{ a }' }, 'application/graphql+json')).toBe('read');
    expect(graphqlOperation(undefined, new ArrayBuffer(0))).toBeNull();
    expect(graphqlOperation('application/json', new TextEncoder().encode('{"query":"{ a }"').buffer)).toBeNull();
  });
});
