import type { RemoteAnswer } from '../../policy/backend-record.js';
import type { Ports } from '../../ports.js';
import { readAtMost } from '../read-body.js';
import type { Report } from '../report.js';
import type { Backend } from './backend.js';
import type { State } from './backends.js';

/** The switches that a server keeps for its backend's clients. */
export interface RemoteConfig {
  /** Asks the servers whose last answer is older than a quarter of an hour. Never rejects. */
  refreshIfDue(): Promise<void>;
  /** Asks all servers now. Never rejects. */
  refresh(): Promise<void>;
}

const EVERY_MS = 15 * 60_000;
const TIMEOUT_MS = 10_000;
const LIMIT = 16 * 1024;

interface RemoteConfigParts {
  ports: Ports;
  report: Report;
  state: State;
  /** Called when an answer has come. */
  changed(): void;
}

export function createRemoteConfig({ ports, report, state, changed }: RemoteConfigParts): RemoteConfig {
  const { clock, log, send } = ports;
  const underWay = new Map<Backend, Promise<void>>();
  const askedAt = new Map<Backend, number>();
  let stopTimer = () => {};

  const ask = (backend: Backend, url: string): Promise<void> => {
    const asking = underWay.get(backend) ?? asked(backend, url).finally(() => underWay.delete(backend));
    underWay.set(backend, asking);
    return asking;
  };

  async function asked(backend: Backend, url: string): Promise<void> {
    const at = clock.now();
    askedAt.set(backend, at);
    const cut = new AbortController();
    const stopCutting = clock.after(TIMEOUT_MS, () => cut.abort());
    try {
      // The browser's own cache sends the ETag along, without a preflight. A redirect is an error, as
      // it may lead to somebody else's switches.
      const request = new Request(url, { cache: 'no-cache', redirect: 'error', headers: { Accept: 'application/json' } });
      const response = await send(request, cut.signal);
      if (!response.ok) {
        cut.abort();
        throw new Error(`it was answered with ${response.status}`);
      }
      const { bytes, truncated } = await readAtMost(response, LIMIT, clock);
      if (truncated) throw new SyntaxError(`it's longer than ${LIMIT} bytes, or doesn't end`);
      const remote: RemoteAnswer = { url, at, ...switchesIn(JSON.parse(new TextDecoder().decode(bytes))) };
      backend.record = { ...backend.record, remote };
    } catch (error) {
      log.warn(`[holdfast] the remote configuration of ${backend.config.baseUrl} is no good; the last good one counts`, error);
      return;
    } finally {
      stopCutting();
    }
    changed();
    await report.commit({ backend: backend.record }).catch((error: unknown) =>
      log.error("[holdfast] the remote configuration can't be written", error),
    );
  }

  async function askAll(isDue: (backend: Backend) => boolean): Promise<void> {
    // The state on disk must be read first, so as not to be overwritten.
    if (!(await state.ready().then(() => true, () => false))) return;
    const asking = [...state.backends.values()].flatMap((backend) => {
      const { remoteConfig: url } = backend.config;
      return url !== null && isDue(backend) ? [ask(backend, url)] : [];
    });
    if (asking.length === 0) return;
    stopTimer();
    stopTimer = clock.after(EVERY_MS, () => void refreshIfDue());
    await Promise.all(asking);
  }

  const refreshIfDue = () =>
    askAll((backend) => {
      const { remote } = backend.record;
      const now = clock.now();
      const said = remote?.url === backend.config.remoteConfig && remote.at <= now ? remote.at : -Infinity;
      const last = Math.max(askedAt.get(backend) ?? -Infinity, said);
      return now - last >= EVERY_MS || now < last;
    });

  return { refreshIfDue, refresh: () => askAll(() => true) };
}

/** The switches in a server's answer; a missing key means off. */
function switchesIn(body: unknown): Pick<RemoteAnswer, 'autoRetry' | 'offlineMode'> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new TypeError('it must be a JSON object');
  const { autoRetry = false, offlineMode = false } = body as Record<string, unknown>;
  if (typeof autoRetry !== 'boolean' || typeof offlineMode !== 'boolean')
    throw new TypeError('autoRetry and offlineMode must be true or false');
  return { autoRetry, offlineMode };
}
