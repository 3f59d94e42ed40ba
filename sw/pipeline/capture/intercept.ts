import { nearest } from '../../policy/base-url.js';
import { DirectiveError } from '../../policy/errors.js';
import type { FetchContext, Send } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import { configurationOf } from '../backend/gates.js';
import type { RemoteConfig } from '../backend/remote-config.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { Capture } from './capture.js';
import { hasDirective, readDirectives, refusal, withoutDirectives } from './directives.js';
import type { Overhear } from './overhear.js';

/**
 * The backend of a request; null for a request that's left alone. Decided at once, from the request
 * alone, as `respondWith` must be called in the event's own turn of the event loop or not at all.
 */
export function backendFor(request: Request, state: State, warn: (message: string, error: unknown) => void): Backend | null {
  if (request.mode === 'navigate' || request.mode === 'no-cors') return null;
  // A redirect that isn't followed, or bytes other than those of `integrity`, fail here, whatever the server does.
  if (request.redirect !== 'follow' || request.integrity !== '') return null;
  if (request.headers.has('range') || request.headers.get('accept') === 'text/event-stream') return null;
  const candidates = [...state.backends.values()].map((backend) => ({ backend, baseUrl: backend.config.baseUrl }));
  // Two namespaces may share a base URL; `match` tells them apart.
  for (const { backend } of nearest(request.url, candidates)) {
    try {
      const { methods, match, exclude } = backend.config;
      if (methods.has(request.method) && match(request)) return exclude(request) ? null : backend;
    } catch (error) {
      warn(`[holdfast] match threw for ${request.method} ${request.url}; the request is left alone`, error);
    }
  }
  return null;
}

export interface InterceptParts {
  capture: Capture;
  state: State;
  report: Report;
  overhear: Overhear;
  nudge: Nudge;
  remote: RemoteConfig;
  /** Whether a redelivery may still come. */
  mayComeAgain(): boolean;
  send: Send;
}

/** Answers an intercepted request. */
export function createIntercept({ capture, state, report, overhear, nudge, remote, mayComeAgain, send }: InterceptParts) {
  return async (request: Request, backend: Backend, context: FetchContext): Promise<Response> => {
    let directives;
    try {
      directives = readDirectives(request.headers);
    } catch (error) {
      if (error instanceof DirectiveError) return refusal(400, 'bad-header', error.message);
      throw error;
    }
    // A copy made without any init is the page's own request in all but the directives: client hints, priority and streaming stay.
    const passThrough = () => send(hasDirective(request) ? withoutDirectives(new Request(request)) : request);
    if (directives.mode === 'bypass') {
      context.waitUntil(overhear(request) ?? Promise.resolve());
      return passThrough();
    }
    try {
      await state.ready();
    } catch (error) {
      // Without a storage nothing can be kept: the request goes as if Holdfast weren't there.
      report.storageFailed(request.method, request.url, error);
      return passThrough();
    }
    void remote.refreshIfDue();
    // With the kill switch thrown nothing is captured. Directives still don't reach the network, and the token of the
    // request is still learnt, for the stored entries.
    const isOff = !configurationOf(backend, state.settings).offlineMode;
    // A request that may be a redelivery can't pass: it may be on disk, and would be sent twice.
    if (isOff && !mayComeAgain() && !backend.providers.any) {
      await overhear(request);
      void nudge();
      return passThrough();
    }
    return capture(request, directives, backend, context, isOff);
  };
}
