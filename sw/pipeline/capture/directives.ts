import type { RespondMode } from '../../config.js';
import { DirectiveError } from '../../policy/errors.js';
import { DIRECTIVES, ENTRY_HEADER } from '../../protocol/headers.js';
import { TASK_ID, TASK_ID_RULE } from '../../protocol/ids.js';

/** The page's wishes for a request, from the `Holdfast-*` headers. */
export interface Directives {
  /** Null: the backend's `respond` counts. */
  mode: RespondMode | 'bypass' | null;
  id: string | null;
  lane: string | null;
  /** The entry needs no token, and goes on during a hold. */
  anonymous: boolean;
  replace: boolean;
  /** The temporary id for which the answer gives the real one. */
  provides: string | null;
}

const MODES = ['queued', 'reject', 'wait', 'bypass'] as const;

/** @throws DirectiveError naming the header, its value and the rule */
export function readDirectives(headers: Headers): Directives {
  const mode = headers.get(DIRECTIVES.mode);
  const id = headers.get(DIRECTIVES.id);
  const lane = headers.get(DIRECTIVES.lane);
  const auth = headers.get(DIRECTIVES.auth);
  const replace = headers.get(DIRECTIVES.replace);
  const provides = headers.get(DIRECTIVES.provides);
  const known = MODES.find((allowed) => allowed === mode) ?? null;
  if (mode !== null && !known) throw new DirectiveError('Holdfast-Mode', mode, `it is one of ${MODES.join(', ')}`);
  if (id !== null && !TASK_ID.test(id)) throw new DirectiveError('Holdfast-Id', id, TASK_ID_RULE);
  if (lane !== null && (lane === '' || lane.length > 255))
    throw new DirectiveError('Holdfast-Lane', lane, 'a lane has 1 to 255 characters');
  if (auth !== null && auth !== 'none') throw new DirectiveError('Holdfast-Auth', auth, 'it can only be none');
  if (replace !== null && replace !== '1') throw new DirectiveError('Holdfast-Replace', replace, 'it can only be 1');
  if (replace !== null && id === null)
    throw new DirectiveError('Holdfast-Replace', replace, 'it needs a Holdfast-Id to say what to replace');
  if (provides !== null && !/^[!-~]{1,255}$/.test(provides)) throw new DirectiveError('Holdfast-Provides', provides, 'a temporary id has 1 to 255 visible ASCII characters');
  return { mode: known, id, lane, anonymous: auth === 'none', replace: replace === '1', provides };
}

const EATEN: ReadonlySet<string> = new Set(Object.values(DIRECTIVES));

/**
 * The page's own headers, without directives, which never reach the network. Headers that Chromium adds by itself are
 * left out: set by us, `User-Agent` would turn a simple cross-origin request into one with a preflight.
 */
export function ownHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !EATEN.has(name) && !/^(user-agent$|sec-)/.test(name)));
}

/** Whether a request has any directive. */
export const hasDirective = ({ headers }: Request): boolean => [...EATEN].some((name) => headers.has(name));

/** Takes the directives off a request. The other headers stay as they are, in the letter case that the page has chosen. */
export function withoutDirectives(request: Request): Request {
  for (const name of EATEN) request.headers.delete(name);
  return request;
}

/** The worker's refusal of a request that it can't take as it is. */
export function refusal(status: 400 | 409, code: string, message: string, id?: string): Response {
  return Response.json(
    { queued: false, error: { code, message } },
    { status, headers: { 'Cache-Control': 'no-store', ...(id !== undefined && { [ENTRY_HEADER]: id }) } },
  );
}
