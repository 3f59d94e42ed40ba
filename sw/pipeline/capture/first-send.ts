import { mayHaveActed } from '../../policy/key-history.js';
import { expiryOf, isGoodForLonger, isOver } from '../../policy/jwt.js';
import type { Ports } from '../../ports.js';
import { authView, clocksOf } from '../backend/gates.js';
import type { Judge } from '../send/judge.js';
import { travelHeaders } from '../send/stored-request.js';
import { transmit, type Transmission } from '../send/transmit.js';
import type { DiskCopy } from './disk-copy.js';
import type { Exchange } from './exchange.js';

/**
 * Makes the page's own first send, and returns the page's answer. The request is written before the send with
 * `capture: 'write-ahead'`, else a moment after the send began, or when it failed: whichever comes first.
 */
export type FirstSend = (exchange: Exchange, copy: DiskCopy) => Promise<Response>;

export interface FirstSendParts {
  ports: Pick<Ports, 'clock' | 'send' | 'restore'>;
  judge: Judge;
}

export function createFirstSend({ ports, judge }: FirstSendParts): FirstSend {
  return async (exchange, copy) => {
    const { backend, draft, credential, generation, signOuts, signal, ticket } = exchange;
    const { flight } = copy;
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
      const transmission = await sendFirst(exchange, cut, ports).finally(stopTimer);
      if (backend.probe === ticket) backend.probe = null;
      const sent = { entry: draft, startedAt, credential, generation, signOuts, isFirst: true };
      const judgement = flight.cancelled ? null : await judge(backend, sent, flight, transmission);
      flight.settling = true;
      const answer = transmission.response ?? Response.error();
      if (judgement?.kind !== 'again' || !copy.isKept()) {
        if (judgement?.kind === 'again') judgement.hold?.undo();
        copy.removeOnceAnswered();
        return answer;
      }
      const stored = await copy.intoLine(judgement);
      if (typeof stored === 'string') return answer;
      transmission.drop();
      return stored;
    } finally {
      copy.close();
    }
  };
}

/** Sends the page's request unchanged, and adds the state of its token to the answer. */
async function sendFirst(exchange: Exchange, signal: AbortSignal, { send, restore, clock }: FirstSendParts['ports']): Promise<Transmission> {
  const { backend, draft, body, authorization, credential, bearer } = exchange;
  const { config } = backend;
  const headers = { ...travelHeaders(draft), ...(authorization !== null && { authorization }) };
  const request = restore({ ...draft.request, headers }, body);
  const expiresAt = bearer && credential !== null ? expiryOf(credential) : null;
  const wasOver = isOver(expiresAt, clocksOf(backend, clock.now()));
  const timeoutMs = config.networkTimeoutMs;
  const sent = await transmit(request, { send, clock, timeoutMs, signal, bearer, readsAll: config.auth?.bodyErrors !== undefined, isRepeated: mayHaveActed(draft) });
  if (sent.outcome.kind !== 'answer') return sent;
  const isAccepted = credential === backend.acceptedCredential && isGoodForLonger(expiresAt, clocksOf(backend, clock.now()));
  const token = wasOver ? 'over' : isAccepted ? 'accepted' : null;
  return token ? { ...sent, outcome: { ...sent.outcome, token } } : sent;
}
