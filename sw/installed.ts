/** What `install` has set up in this worker, for what an app calls after it. */
export interface Installed {
  /** Answers a request; null when it's no backend's. */
  answer(request: Request, event: FetchEvent): Promise<Response> | null;
  /** Takes over a queue of workbox-background-sync. */
  adopt(name: string): Promise<number>;
}

let current: Installed | null = null;

export const installed = (): Installed | null => current;

export const setInstalled = (parts: Installed): void => {
  current = parts;
};
