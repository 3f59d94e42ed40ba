import { describe, expect, test } from 'vitest';
import { classify } from '../../../sw/policy/classify.js';
import { askedPatienceMs } from '../../../sw/policy/retry-after.js';
import { documentedFrameworks } from './documented-frameworks.js';
import { documentedServices } from './documented-services.js';
import { graphqlAndTrpc } from './graphql-and-trpc.js';
import { nodeServers } from './node-servers.js';
import { otherLanguages } from './other-languages.js';
import { refusals, type Refusal } from './rate-limits.js';
import type { Row } from './row.js';

const rows: Row[] = [...otherLanguages, ...nodeServers, ...graphqlAndTrpc, ...documentedFrameworks, ...documentedServices];

const verdictOf = ({ answer, bodyErrors }: Row, change: Partial<Row['answer']> = {}) =>
  classify({ ...answer, ...change }, { ...(bodyErrors && { bodyErrors }) });

/** The behaviour that decides over a row. */
function behaviour({ answer, bodyErrors, verdict }: Row): string {
  if (bodyErrors) return 'A23';
  if (answer.token === 'over') return 'A21';
  if (answer.token === 'accepted') return 'A22';
  if (answer.isPage) return 'C14';
  if (verdict === 'transient') return 'R2';
  return verdict === 'auth-expired' ? 'A2' : 'A3';
}

const titled = (row: Row): [string, Row] => {
  const option = row.bodyErrors ? `, bodyErrors: ${typeof row.bodyErrors === 'function' ? 'a function' : `'${row.bodyErrors}'`}` : '';
  return [`${behaviour(row)} ${row.server}, ${row.case}${option}: ${row.verdict}${row.wrong ? ` (${row.wrong})` : ''}`, row];
};

describe('what real servers answer', () => {
  test.each(rows.map(titled))('%s', (_title, row) => {
    expect(verdictOf(row)).toBe(row.verdict);
  });

  test('A3 none of the answers of real servers holds a request that carried no bearer', () => {
    const held = rows.filter((row) => verdictOf(row, { bearer: false }) === 'auth-expired');
    expect(rows.length).toBeGreaterThan(200);
    expect(held).toEqual([]);
  });

  test('A2 the real servers’ 401s to a bearer that hold nothing are listed here', () => {
    const others = rows.filter(({ answer }) => answer.status === 401 && answer.bearer).filter((row) => verdictOf(row) !== 'auth-expired');
    expect(others.map((row) => `${row.server}, ${row.case}`)).toEqual([
      'djangorestframework-simplejwt 5.2.2 with a JWT that it accepted before, wrong password',
      '@feathersjs/koa 5.0.50 with a JWT that it accepted before, wrong password',
      'better-auth 1.7.25, wrong password',
      'Devise with devise-jwt and http_authenticatable, expired',
      'Devise with devise-jwt and http_authenticatable, bad signature',
      'Devise with devise-jwt and http_authenticatable, garbage',
      'Directus, wrong one-time code',
      'Directus with a JWT that it accepted before, wrong password',
      'Matrix Synapse, 2025, scope too small',
    ]);
  });
});

describe('what real rate limiters answer', () => {
  const now = Date.parse('2026-11-27T00:00:00Z');
  const named = (refusal: Refusal): [string, Refusal] => [`${refusal.limiter}, ${refusal.status} ${JSON.stringify(refusal.headers)}`, refusal];

  test.each(refusals.map(named))('R6 %s', (_name, { headers, asks }) => {
    expect(askedPatienceMs(headers, now)).toBe(asks);
  });

  test.each(refusals.map(named))('R2 %s', (_name, { status, headers, verdict = 'transient' }) => {
    expect(classify({ kind: 'answer', status, headers, bearer: true })).toBe(verdict);
  });
});
