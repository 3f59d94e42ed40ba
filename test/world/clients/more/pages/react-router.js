import { createElement, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { Outlet, useFetcher } from 'react-router';
import { HydratedRouter } from 'react-router/dom';

let fetcher;
let heard = () => {};

function Root() {
  fetcher = useFetcher();
  const { data } = fetcher;
  useEffect(() => {
    if (data) heard({ told: data });
  }, [data]);
  return createElement('main', null, 'notes', createElement(Outlet));
}

function ErrorBoundary({ error }) {
  useEffect(() => heard({ error }), [error]);
  return 'the error boundary';
}

/** What the framework's server writes into the page: two routes, of which the second has an action. */
function serverRendered() {
  const route = (id, more) => ({ id, module: '', hasLoader: false, hasClientLoader: false, hasAction: false, hasClientAction: false, hasErrorBoundary: false, imports: [], css: [], ...more });
  const state = '[{"_1":2,"_3":-5,"_4":-5},"loaderData",{},"actionData","errors"]\n';
  window.__reactRouterContext = {
    basename: '/',
    future: {},
    ssr: true,
    isSpaMode: false,
    routeDiscovery: { mode: 'initial' },
    stream: new Blob([state]).stream(),
  };
  window.__reactRouterManifest = { version: '1', entry: { module: '', imports: [] }, routes: { root: route('root', { path: '', hasErrorBoundary: true }), notes: route('notes', { parentId: 'root', path: 'api/notes', hasAction: true }) } };
  window.__reactRouterRouteModules = { root: { default: Root, ErrorBoundary }, notes: { default: () => null } };
}

export async function prepare() {
  serverRendered();
  document.body.innerHTML = '<div id="app"></div>';
  createRoot(document.querySelector('#app')).render(createElement(HydratedRouter));
  while (!fetcher) await new Promise((resolve) => setTimeout(resolve, 10));
}

export const write = () =>
  new Promise((resolve, reject) => {
    heard = ({ told, error }) => (error ? reject(error) : resolve(told));
    void fetcher.submit({ title: 'a note' }, { method: 'post', action: '/api/notes' });
  });
