import type { BodyErrors } from '../../../sw/policy/body-errors.js';
import type { Answer, Verdict } from '../../../sw/policy/outcome.js';

/** What the request carried. */
export type Case =
  | 'expired'
  | 'bad signature'
  | 'garbage'
  | 'wrong audience'
  | 'scope too small'
  | 'no Authorization'
  // A valid bearer, and trouble of another kind.
  | 'valid bearer'
  | 'wrong password'
  | 'wrong one-time code'
  | 'password asked for';

/** One answer of a real server, and what must become of the request. */
export interface Row {
  /** With its version. */
  server: string;
  case: Case;
  answer: Answer;
  /** The option that the app has to set for this verdict. */
  bodyErrors?: BodyErrors;
  verdict: Verdict;
  /** What becomes of the request, where that isn't what its user would want. */
  wrong?: string;
  /** Where the answer is written down, of a server that wasn't run for this table. */
  source?: string;
}

/** What a table says of an answer. */
interface Told extends Pick<Row, 'bodyErrors' | 'wrong'>, Pick<Answer, 'body' | 'token' | 'isPage'> {
  type?: string;
  challenge?: string;
  headers?: Record<string, string>;
}

type Recorded = Pick<Row, 'verdict' | 'bodyErrors' | 'wrong'> & { answer: Omit<Answer, 'bearer'> };

const recorded = (verdict: Verdict, status: number, told: Told): Recorded => {
  const { type, challenge, headers, bodyErrors, wrong, ...answer } = told;
  return {
    verdict,
    ...(bodyErrors && { bodyErrors }),
    ...(wrong !== undefined && { wrong }),
    answer: {
      kind: 'answer',
      status,
      headers: {
        ...(type !== undefined && { 'content-type': type }),
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
        ...headers,
      },
      ...answer,
    },
  };
};

export const held = (status: number, told: Told = {}): Recorded => recorded('auth-expired', status, told);
export const buried = (status: number, told: Told = {}): Recorded => recorded('permanent', status, told);
export const retried = (status: number, told: Told = {}): Recorded => recorded('transient', status, told);
export const taken = (status: number, told: Told = {}): Recorded => recorded('delivered', status, told);

/** The answers of one server, case by case. */
export const server = (name: string, cases: Partial<Record<Case, Recorded>>, source?: string): Row[] =>
  Object.entries(cases).map(([what, { answer, ...rest }]) => ({
    server: name,
    case: what as Case,
    answer: { ...answer, bearer: what !== 'no Authorization' },
    ...rest,
    ...(source !== undefined && { source }),
  }));

/** One answer to every bearer that isn't good, whatever is wrong with it. */
export const anyBadBearer = (answer: Recorded): Partial<Record<Case, Recorded>> => ({
  expired: answer,
  'bad signature': answer,
  garbage: answer,
});

export const JSON_TYPE = 'application/json';

// What becomes of a request whose answer is misread. At replay a JWT that's over isn't sent at all (A20), so an `expired` row is
// of a first send, or of an opaque token.
export const LOST = 'a dead letter, though a fresh token would deliver it';
export const GONE = 'gone, and the app is told that it arrived';
export const AGAIN = 'sent again with the same token, then a dead letter';
export const HELD_FOR_NOTHING = 'held, though a fresh token doesn’t help';
