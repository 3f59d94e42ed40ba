import { mayHaveActed } from '../../policy/key-history.js';
import { expiryOf, isGoodForLonger, isOver } from '../../policy/jwt.js';
import type { Ports } from '../../ports.js';
import { IDEMPOTENCY_HEADER } from '../../protocol/headers.js';
import { authView, clocksOf } from '../backend/gates.js';
import type { Judge } from '../send/judge.js';
import type { RealIdIn } from '../send/real-ids.js';
import { isCut } from '../send/records.js';
import { mannerOf, secondLook, type Manner } from '../send/second-look.js';
import { finalAnswer, transmit, type Transmission } from '../send/transmit.js';
import { withoutDirectives } from './directives.js';
import type { DiskCopy } from './disk-copy.js';
import type { Exchange } from './exchange.js';

/**
 * Makes the page's own first send, and returns the page's answer. The request is written before the send with
 * `capture: 'write-ahead'`, else a moment after the send began, or when it failed: whichever comes first.
 */
export type FirstSend = (exchange: Exchange, copy: DiskCopy) => Promise<Response>;

export interface FirstSendParts {
  ports: Pick<Ports, 'clock' | 'send'>;
  judge: Judge;
  realIdIn: RealIdIn;
}

export function createFirstSend({ ports, judge, realIdIn }: FirstSendParts): FirstSend {
  /** Sends the request, and looks into a failure of the network. @param failed called when the look begins */
  async function sendWell(exchange: Exchange, copy: DiskCopy, signal: AbortSignal, failed: () => void): Promise<Transmission> {
    const { draft, backend } = exchange;
    const send = (manner: Manner) => sendFirst(exchange, manner, signal, ports);
    const sent = await send(mannerOf(draft, backend));
    // A request that isn't kept is sent once.
    if (!isCut(sent.outcome) || !copy.isKept()) return sent;
    failed();
    // The server may still be at the first send when it has the second.
    exchange.draft = { ...draft, unheard: true };
    return secondLook(sent, draft, backend, signal, send);
  }

  return async (exchange, copy) => {
    const { backend, draft, credential, generation, signOuts, signal, ticket } = exchange;
    const { flight } = copy;
    let endInquiry = () => {};
    try {
      const refusal = await copy.writeAhead();
      if (refusal) return refusal;
      // A request brings its own token. Its cookie is by now whoever's session the browser is in.
      if (draft.scheme === null && copy.isKept() && authView(backend, draft, ports.clock.now()) === 'parked') {
        const parked = await copy.intoLine({ reason: 'behind-waiting' });
        return typeof parked === 'string' ? Response.error() : parked;
      }
      // A redelivered request was captured long before this send of it.
      const startedAt = ports.clock.now();
      const stopTimer = copy.writeWhenLate();
      const cut = AbortSignal.any([signal, flight.abort.signal]);
      const transmission = await sendWell(exchange, copy, cut, () => (endInquiry = backend.inquiry.begin())).finally(stopTimer);
      if (backend.probe === ticket) backend.probe = null;
      const sent = { entry: exchange.draft, startedAt, credential, digest: null, generation, signOuts, csrf: exchange.csrf, isFirst: true };
      const judgement = flight.cancelled ? null : await judge(backend, sent, flight, transmission);
      endInquiry();
      flight.settling = true;
      const answer = transmission.response ?? Response.error();
      if (judgement?.kind !== 'again' || !copy.isKept()) {
        if (judgement?.kind === 'again') judgement.hold?.undo();
        const isGiven = draft.provides !== undefined && judgement?.kind === 'final' && judgement.isDelivered;
        if (isGiven) await copy.provided(await realIdIn(backend, await finalAnswer(answer.clone(), ports.clock)));
        copy.removeOnceAnswered();
        return answer;
      }
      const stored = await copy.intoLine(judgement);
      if (typeof stored === 'string') return answer;
      transmission.drop();
      return stored;
    } finally {
      endInquiry();
      copy.close();
    }
  };
}

/** Sends the page's request, and adds the state of its token to the answer. */
async function sendFirst(exchange: Exchange, manner: Manner, signal: AbortSignal, { send, clock }: FirstSendParts['ports']): Promise<Transmission> {
  const { backend, credential, bearer } = exchange;
  const { config } = backend;
  const request = requestOf(exchange, manner);
  const expiresAt = bearer && credential !== null ? expiryOf(credential) : null;
  const wasOver = isOver(expiresAt, clocksOf(backend, clock.now()));
  // A read isn't kept, so nothing is won by cutting it.
  const timeoutMs = exchange.operation === 'read' ? 0 : config.networkTimeoutMs;
  const sent = await transmit(request, { send, clock, timeoutMs, signal, bearer, readsAll: config.auth?.bodyErrors !== undefined, readsConflicts: mayHaveActed(exchange.draft) });
  if (sent.outcome.kind !== 'answer') return sent;
  const isAccepted = credential === backend.acceptedCredential && isGoodForLonger(expiresAt, clocksOf(backend, clock.now()));
  const token = wasOver ? 'over' : isAccepted ? 'accepted' : null;
  return token ? { ...sent, outcome: { ...sent.outcome, token } } : sent;
}

/**
 * The page's own request with its key, and without what must not reach the network. It's made from the request of the fetch
 * event, so that its priority and the letter case of its header names stay. `keepalive` is left out: bodies with it share
 * 64 KiB (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */
function requestOf({ request, body, draft: { idempotencyKey } }: Exchange, { isKeyed, mode, redirect }: Manner): Request {
  const { referrer, referrerPolicy } = request;
  const made = withoutDirectives(new Request(request, { ...(body && { body }), mode, redirect, referrer, referrerPolicy, keepalive: false }));
  // Set by us, Chromium's own `User-Agent` would turn a simple cross-origin request into one with a preflight.
  made.headers.delete('user-agent');
  if (isKeyed && idempotencyKey !== null) made.headers.set(IDEMPOTENCY_HEADER, idempotencyKey);
  return made;
}
