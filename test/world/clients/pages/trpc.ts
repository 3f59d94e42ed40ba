import { createTRPCUntypedClient, httpBatchLink, httpLink, retryLink } from '@trpc/client';
import type { AnyRouter } from '@trpc/server';
import { API, bearer } from './page.js';

const retry = retryLink<AnyRouter>({ retry: ({ attempts }) => attempts < 3 });

export function write(token?: string): Promise<unknown> {
  const client = createTRPCUntypedClient<AnyRouter>({ links: [retry, httpLink({ url: `${API}/trpc`, headers: bearer(token) })] });
  return client.mutation('add', { title: 'a note' });
}

/** Two calls of one moment are one request. */
export function batch(token?: string): Promise<unknown> {
  const client = createTRPCUntypedClient<AnyRouter>({ links: [retry, httpBatchLink({ url: `${API}/trpc`, headers: bearer(token) })] });
  return Promise.all([client.mutation('add', { title: 'a note' }), client.mutation('add', { title: 'another' })]);
}

