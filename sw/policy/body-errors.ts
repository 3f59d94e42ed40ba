import { asList, asRecord } from './json.js';
import type { Answer } from './outcome.js';

/**
 * How an API says "not authenticated" in a body, whatever its status: GraphQL's `errors[].extensions.code`, tRPC's
 * `error.data.code`, or a function of the app's own, which gets the parsed JSON and the answer.
 */
export type BodyErrors = 'graphql' | 'trpc' | ((body: unknown, answer: Answer) => boolean);

/**
 * A body's verdict on our token. `refused`: nothing was done for want of a good token. `partial`: a part of the batch
 * was refused for want of a good token, and another part was done. `none`: the body doesn't refuse the token.
 */
export type BodyReading = 'refused' | 'partial' | 'none';

/** Reads an answer's body for a refusal of the token that its status doesn't show. Without a bearer the reading is `none`. */
export function readBodyErrors(kind: BodyErrors, answer: Answer): BodyReading {
  if (!answer.bearer || answer.body === undefined) return 'none';
  if (typeof kind === 'function') return kind(answer.body, answer) ? 'refused' : 'none';
  const parts = kind === 'graphql' ? asList(answer.body).map(graphqlResult) : trpcResults(answer.body);
  if (!parts.includes('refused') && !parts.includes('partial')) return 'none';
  return parts.includes('done') || parts.includes('partial') ? 'partial' : 'refused';
}

/** The result of one part of a batch. */
type Part = 'refused' | 'partial' | 'done' | 'failed';

/** The codes for "not authenticated" of Apollo and Yoga, Hasura, and others. */
const GRAPHQL_CODES: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'UNAUTHORIZED', 'invalid-jwt']);

/**
 * One result of a GraphQL answer. A field that was resolved is data; a field that wasn't is null
 * (https://spec.graphql.org/October2021/#sec-Response-Format, 7.1.1).
 */
function graphqlResult(result: unknown): Part {
  const { data, errors } = asRecord(result);
  const isRefused = Array.isArray(errors) && errors.some((error) => GRAPHQL_CODES.has(asRecord(asRecord(error)['extensions'])['code']));
  const isDone = Object.values(asRecord(data)).some((value) => value !== null);
  if (isRefused) return isDone ? 'partial' : 'refused';
  return isDone ? 'done' : 'failed';
}

/** The depth to which a tRPC answer nests its results: JSON lines are a list of `[index, status, [[envelope, …]]]`. */
const TRPC_DEPTH = 5;

/**
 * The results of a tRPC answer, which is one envelope, a batch's list of envelopes, or the JSON lines of `httpBatchStreamLink`
 * (https://trpc.io/docs/rpc, and `@trpc/server`'s `jsonl.ts`).
 */
function trpcResults(value: unknown, depth = TRPC_DEPTH): Part[] {
  if (Array.isArray(value)) return depth > 0 ? value.flatMap((inner) => trpcResults(inner, depth - 1)) : [];
  const envelope = asRecord(value);
  if ('error' in envelope) return [asRecord(asRecord(envelope['error'])['data'])['code'] === 'UNAUTHORIZED' ? 'refused' : 'failed'];
  return 'result' in envelope ? ['done'] : [];
}
