/** News that the network may be back, or be another network. */
export interface ConnectivityNews {
  /** Returns a function that removes the listener. */
  listen(listener: () => void): () => void;
  tell(): void;
}

export function createConnectivityNews(): ConnectivityNews {
  const listeners = new Set<() => void>();
  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: () => listeners.forEach((listener) => listener()),
  };
}
