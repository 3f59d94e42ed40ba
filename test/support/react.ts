/** The part of React that the hooks use: one component, rendered again when a snapshot has changed. */
type Effect = { subscribe: (changed: () => void) => () => void; getSnapshot: () => unknown; seen: unknown; stop: () => void };

let hooks: Effect[] = [];
let at = 0;
let again = () => {};
let provided = new Map<object, unknown>();

export const createContext = <Value>(value: Value) => ({ value, Provider: () => null });
export const useContext = <Value>(context: { value: Value }): Value => (provided.has(context) ? (provided.get(context) as Value) : context.value);

/** As React's: subscribes anew when `subscribe` is another function, and renders when `getSnapshot` gives another object. */
export function useSyncExternalStore<Snapshot>(subscribe: Effect['subscribe'], getSnapshot: () => Snapshot): Snapshot {
  const snapshot = getSnapshot();
  if (!Object.is(snapshot, getSnapshot())) throw new Error('The result of getSnapshot should be cached to avoid an infinite loop');
  const before = hooks[at];
  const hook: Effect = before?.subscribe === subscribe ? before : { subscribe, getSnapshot, seen: snapshot, stop: () => {} };
  Object.assign(hook, { getSnapshot, seen: snapshot });
  hooks[at++] = hook;
  if (hook !== before) {
    before?.stop();
    hook.stop = subscribe(() => {
      if (!Object.is(hook.seen, hook.getSnapshot())) again();
    });
  }
  return snapshot;
}

/** Renders a component of its hooks. `shown` has what it gave, each time. */
export function mount<Shown>(component: () => Shown, contexts: [object, unknown][] = []) {
  hooks = [];
  const own = hooks;
  const shown: Shown[] = [];
  const render = () => {
    [hooks, at, provided] = [own, 0, new Map(contexts)];
    shown.push(component());
  };
  again = render;
  render();
  return { shown, render, unmount: () => own.forEach(({ stop }) => stop()) };
}
