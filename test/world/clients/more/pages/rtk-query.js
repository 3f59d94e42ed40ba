import { configureStore } from '@reduxjs/toolkit';
import { createApi, fetchBaseQuery, retry } from '@reduxjs/toolkit/query';
import { API, bearer } from '../../pages/page.js';

export async function write(token) {
  const api = createApi({
    baseQuery: retry(fetchBaseQuery({ baseUrl: API, headers: bearer(token) }), { maxRetries: 2, backoff: () => Promise.resolve() }),
    endpoints: (build) => ({ add: build.mutation({ query: (body) => ({ url: '/notes', method: 'POST', body }) }) }),
  });
  const store = configureStore({ reducer: { [api.reducerPath]: api.reducer }, middleware: (rest) => rest().concat(api.middleware) });
  return store.dispatch(api.endpoints.add.initiate({ title: 'a note' })).unwrap();
}
