/** Word that the network may be another, or there again. */
export interface ConnectivityNews {
  /** Gives the way to stop it. */
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
