/** As much of React (18 and later) as the hooks use. An app has the real types; React is an optional peer of the package. */
declare module 'react' {
  export interface Context<Value> {
    readonly Provider: (props: { value: Value; children?: unknown }) => unknown;
  }
  export function createContext<Value>(value: Value): Context<Value>;
  export function useContext<Value>(context: Context<Value>): Value;
  export function useSyncExternalStore<Snapshot>(subscribe: (changed: () => void) => () => void, getSnapshot: () => Snapshot, getServerSnapshot?: () => Snapshot): Snapshot;
}
