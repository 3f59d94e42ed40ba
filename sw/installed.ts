import type { AdoptionParts } from './pipeline/adoption.js';

/** The parts set up by `install` that an app's later calls need. */
export interface Installed {
  /** Answers a request; null when no backend takes it. */
  answer(request: Request, event: FetchEvent): Promise<Response> | null;
  /** Takes over another library's queue, now and when this worker is activated. The caller says how, so that an app without such a queue bundles none of it. */
  adopt(name: string, take: (parts: AdoptionParts) => Promise<number>): Promise<number>;
}

let current: Installed | null = null;

export const installed = (): Installed | null => current;

export const setInstalled = (parts: Installed): void => {
  current = parts;
};
