import { byId, make } from './dom.js';

/** The inspector is a script of its own, loaded when somebody wants to see it. */
export function startInspector(): void {
  const panel = byId<HTMLDetailsElement>('inspector-panel');
  const load = () => {
    const script = make('script');
    script.src = '/holdfast-inspector.js';
    panel.append(script, document.createElement('holdfast-inspector'));
  };
  panel.addEventListener('toggle', load, { once: true });
}
