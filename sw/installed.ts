/** The parts set up by `install` that an app's later calls need. */
export interface Installed {
  /** Answers a request; null when no backend takes it. */
  answer(request: Request, event: FetchEvent): Promise<Response> | null;
  /** Takes over a queue of workbox-background-sync. */
  adopt(name: string): Promise<number>;
}

let current: Installed | null = null;

export const installed = (): Installed | null => current;

export const setInstalled = (parts: Installed): void => {
  current = parts;
};
