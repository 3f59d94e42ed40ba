import { Client, fetchExchange, gql } from '@urql/core';
import { retryExchange } from '@urql/exchange-retry';
import { API, bearer } from './page.js';

const ADD = gql`mutation Add($title: String!) { add(title: $title) { id } }`;

export async function write(token?: string): Promise<unknown> {
  const client = new Client({
    url: `${API}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers: bearer(token) },
    exchanges: [retryExchange({ initialDelayMs: 10, maxNumberAttempts: 3, retryIf: Boolean }), fetchExchange],
  });
  const { data, error } = await client.mutation<{ add: unknown }>(ADD, { title: 'a note' }).toPromise();
  if (error) throw error;
  return data?.add;
}
