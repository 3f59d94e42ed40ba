import { always, note } from '../backends.js';
import { json, type Row } from '../row.js';

const BEARER = ['down', 'slow', 'holding'] as const;

/** An answer of React Router's single fetch, which an action gives. */
const SINGLE_FETCH = { headers: { 'Content-Type': 'text/x-script', 'X-Remix-Response': 'yes' }, body: '[{"_1":2},"data",{"_3":4},"id",7]\n' };
const PAGE = { component: 'Notes', props: { titles: ['first', 'a note'], errors: {} }, url: '/', version: '1' };

/** Libraries whose packages are installed by `npm run test:clients` alone. */
export const MORE: Row[] = [
  { client: 'Apollo Client', packages: ['@apollo/client'], does: 'a mutation, with RetryLink', page: 'apollo', sees: 'waits', told: 7, backend: always(json({ data: { add: { __typename: 'Note', id: 7 } } })), effect: /^POST .*\/graphql/, faults: [...BEARER] },
  { client: 'RTK Query', packages: ['@reduxjs/toolkit'], does: 'a mutation, with retry', page: 'rtk-query', sees: 'queued', backend: note, effect: /^POST .*\/notes/, faults: [...BEARER] },
  { client: 'Inertia', packages: ['@inertiajs/core'], does: 'router.post', page: 'inertia', sees: 'waits', told: ['first', 'a note'], backend: always({ headers: { 'X-Inertia': 'true', 'Content-Type': 'application/json' }, body: JSON.stringify(PAGE) }), effect: /^POST .*\/notes/, faults: [...BEARER] },
  { client: 'React Router', packages: ['react-router'], does: 'an action of its framework mode', page: 'react-router', sees: 'waits', told: { id: 7 }, backend: always(SINGLE_FETCH), effect: /^POST .*\/notes\.data/ },
  { client: 'SvelteKit', packages: ['@sveltejs/kit'], does: 'a form with use:enhance', page: 'sveltekit', sees: 'waits', told: { type: 'success', status: 200, data: { id: 7 } }, backend: always(json({ type: 'success', status: 200, data: '[{"id":1},7]' })), effect: /^POST .*\/notes/ },
  { client: 'Astro', packages: ['astro'], does: 'an action', page: 'astro', sees: 'waits', told: { id: 7 }, backend: always({ headers: { 'Content-Type': 'application/json+devalue' }, body: '[{"id":1},7]' }), effect: /^POST .*\/_actions/ },
  { client: 'Sentry', packages: ['@sentry/browser'], does: 'an exception, by a tunnel', page: 'sentry', sees: 'queued', told: true, backend: note, effect: /^POST .*\/tunnel/ },
  { client: 'posthog-js', packages: ['posthog-js'], does: 'an event, by a reverse proxy', page: 'posthog', sees: 'queued', told: 'captured', backend: always(json({ status: 1 })), effect: /^POST .*\/e\//, note: 'Its event is answered with an empty 200, as it sends again what isn’t; questions for flags aren’t kept' },
  { client: 'MSW', packages: ['msw'], does: 'a write that isn’t mocked', page: 'msw', sees: 'queued', backend: note, effect: /^POST .*\/notes/, worker: "importScripts('/mockServiceWorker.js')", match: "({ url }) => !url.endsWith('/mocked')", note: 'One worker for both: `install` first, then `importScripts(\'/mockServiceWorker.js\')`, and `start({ serviceWorker: { url } })` with its URL' },
];
