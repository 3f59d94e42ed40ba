import { MutationObserver, QueryClient } from '@tanstack/query-core';
import { API, bearer } from './page.js';

export async function write(token?: string): Promise<unknown> {
  const client = new QueryClient({ defaultOptions: { mutations: { networkMode: 'always', retry: 2, retryDelay: 10 } } });
  const observer = new MutationObserver(client, {
    mutationFn: async (title: string) => {
      const response = await fetch(`${API}/notes`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...bearer(token) }, body: JSON.stringify({ title }) });
      if (!response.ok) throw new Error(String(response.status));
      return response.json() as Promise<unknown>;
    },
  });
  return observer.mutate('a note');
}
