import { createElement, type ReactNode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { renderToString } from 'react-dom/server';
import { SyncContext, type HasOutbox } from '../../client/react/index.js';

export interface Below {
  /** The client of the context. */
  sync?: HasOutbox;
  /** React takes over what a server has rendered. */
  hydrate?: boolean;
}

/** Renders a component in React. `shown` has what it gave, each time; its text is the element's. */
export function mount<Shown>(component: () => Shown, { sync, hydrate = false }: Below = {}) {
  const shown: Shown[] = [];
  const errors: unknown[] = [];
  const element = document.createElement('div');
  const Component = (): ReactNode => JSON.stringify(shown[shown.push(component()) - 1]);
  const tree = () => createElement(SyncContext.Provider, { value: sync ?? null }, createElement(Component));
  if (hydrate) element.innerHTML = renderToString(tree());
  const rendered = element.textContent;
  const onRecoverableError = (error: unknown) => void errors.push(error);
  const root = hydrate ? hydrateRoot(element, tree(), { onRecoverableError }) : createRoot(element);
  const render = () => flushSync(() => root.render(tree()));
  if (!hydrate) render();
  return { shown, rendered, errors, element, render, unmount: () => root.unmount() };
}
