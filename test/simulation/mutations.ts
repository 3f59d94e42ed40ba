/** A way of breaking the product, as replacements of text in one of its sources. */
export interface Mutation {
  name: string;
  file: string;
  edits: readonly (readonly [from: string, to: string])[];
}

/** The texts that a source doesn't have exactly once, so that there's nothing, or no telling what, to replace. */
export const staleTexts = ({ edits }: Mutation, source: string): string[] => edits.map(([from]) => from).filter((from) => source.split(from).length !== 2);

const one = (name: string, file: string, from: string, to: string): Mutation => ({ name, file, edits: [[from, to]] });

/** Each takes out something that a promise hangs on. */
export const MUTATIONS: readonly Mutation[] = [
  one('no drain lock', 'sw/pipeline/drain/drain.ts', 'locks.exclusive(DRAIN_LOCK, () => pump().finally(doubts.released));', 'pump();'),
  {
    name: 'a replaced worker drains',
    file: 'sw/pipeline/drain/drain.ts',
    edits: [
      ['if (!ports.isActive()) return Promise.resolve();', ''],
      ['!broken && ports.isActive()', '!broken'],
    ],
  },
  one("other workers' lanes not withheld", 'sw/pipeline/workers/redelivery.ts', "reason === 'first-send' && asked && asked.worker !== workerId", 'reason === null && asked'),
  one('no look after a drain that broke off', 'sw/pipeline/drain/drain.ts', "error.name === 'VersionError')) nudgeIn(PAUSE_MS);", "error.name === 'VersionError')) {}"),
  one('no second look before a send', 'sw/pipeline/drain/replay.ts', "(view !== 'open' && view !== 'probing')", 'view === null'),
  one('deleted, then sent', 'sw/pipeline/drain/replay.ts', 'report.tell({ ...aboutEntry(entry, startedAt)', 'await outbox.commit({ seq: entry.seq, decide: () => ({ entry: null, events: [] }) });\n    report.tell({ ...aboutEntry(entry, startedAt)'),
  one('settled whatever it is by now', 'sw/pipeline/drain/replay.ts', "current.idempotencyKey === idempotencyKey", "current.seq > 0"),
  one('a late 401 holds', 'sw/policy/auth-gate.ts', "if (event.generation < gate.generation) return [gate, 'resend'];", ''),
  one('any answer is a delivery', 'sw/policy/classify.ts', 'status >= 200 && status < 400', 'status >= 200'),
  one('cancelled tells of the wire alone', 'sw/policy/entry.ts', ' || mayHaveActed(entry)', ''),
  one('no order of arrival', 'sw/pipeline/capture/enqueue.ts', 'await ticket.precedingPlaced();', ''),
  one('no turn behind what waits', 'sw/pipeline/capture/capture.ts', "return isBehind(backend, draft, now) ? 'behind-waiting' : null;", 'return null;'),
  one('no look at what another worker stored', 'sw/pipeline/capture/capture.ts', 'if (neighbours.mayHaveStored()) await', 'if (false) await'),
  one('no event is known again', 'sw/pipeline/capture/capture.ts', 'const resumed = checked && (await', 'const resumed = checked && null && (await'),
  one('any event is known again', 'sw/pipeline/workers/redelivery.ts', 'entry.asked?.fingerprint !== mine || ', ''),
  // Of these two each does for the other, for as long as a lane waits.
  one('no lane waits for its event', 'sw/pipeline/workers/redelivery.ts', 'waits = (seq: number) => !isOver() &&', 'waits = (seq: number) => false &&'),
  one('no event waits for the replay of what it has left', 'sw/pipeline/capture/capture.ts', 'replay = backend.flights.get(entry.seq)?.done ?? null;', 'replay = null;'),
  one('no late write', 'sw/pipeline/capture/disk-copy.ts', 'canBeStored ? writeNow : ticket.placed', 'ticket.placed'),
  one('nothing is paid off', 'sw/pipeline/capture/disk-copy.ts', "decide: (current) => transition(current, { type: 'answered' }, clock.now())", 'decide: () => null'),
  one('a new key for each send', 'sw/pipeline/send/stored-request.ts', '[IDEMPOTENCY_HEADER]: idempotencyKey }', '[IDEMPOTENCY_HEADER]: `${idempotencyKey}${((globalThis as any).keys = ((globalThis as any).keys ?? 0) + 1)}` }'),
  one('the token is kept', 'sw/pipeline/capture/exchange.ts', 'describeRequest(request, headers)', 'describeRequest(request, { ...headers, ...(authorization && { authorization }) })'),
  one('no look at the owner', 'sw/pipeline/backend/gates.ts', "if (token && owner !== null && token.owner !== owner) return 'parked';", ''),
  one('nothing is forgotten at a sign-out', 'sw/policy/session.ts', 'if (signedOut && isForgotten(', 'if (false && isForgotten('),
  one('a token that comes again is learnt', 'sw/pipeline/auth/tokens.ts', 'if (redelivered && ', 'if (false && '),
  one('holds are told once', 'sw/pipeline/auth/tokens.ts', 'if (!hold || hold.told || signedOut) continue;', 'if (hold || !hold) continue;'),
  one('no word of other workers', 'sw/pipeline/report.ts', "heard: (event) => 'seq' in event && lookFor(event.seq),", 'heard: () => {},'),
  one('waiters know a place in line', 'sw/pipeline/report.ts', 'waiter.requestId === requestId ? settlement : null', 'settlement'),
  one("a purge takes everybody's", 'sw/pipeline/auth/sessions.ts', ' || (owner !== null && owner !== user)', ''),
  one('an older sign-in wins', 'sw/store/outbox.ts', 'const isNewer = epoch > backend.epoch;', 'const isNewer = false;'),
  one('no tally of what goes', 'sw/store/outbox.ts', 'await count(tx, entry, next);', 'if (next) await count(tx, entry, next);'),
  one('202 before the disk', 'sw/store/connection.ts', 'tx.commit();\n        await tx.done;', 'tx.commit();'),
  one('the kill switch lets all pass', 'sw/pipeline/capture/intercept.ts', 'if (isOff && !mayComeAgain())', 'if (isOff)'),
  // What a server says of itself.
  one('no probe but the whole line', 'sw/policy/lanes.ts', "const open = view.circuit.state === 'closed';", 'const open = true;'),
  one('what is in vain is tried', 'sw/pipeline/capture/capture.ts', "if (circuit.state === 'open' && !mayProbe(", 'if (false && !mayProbe('),
  one('nothing rests', 'sw/policy/retry.ts', 'return isNotNow(status) ? resting(attempt, random) : null;', 'return null;'),
  one('what rests goes with all others', 'sw/pipeline/send/judge.ts', 'const isDown = !answered || status === 503 || rests || restsOn;', 'const isDown = !answered;'),
  one('no Retry-After', 'sw/pipeline/send/judge.ts', 'askedPatienceMs(outcome.headers, now) : null', 'null : null'),
  one('a Retry-After for one entry alone', 'sw/pipeline/send/judge.ts', 'FOR_ALL.has(status) ||', 'false ||'),
  // Whose it is, and with what it travels.
  one('no stamp of the owner', 'sw/pipeline/capture/exchange.ts', 'scheme !== null ? config.owner(credential)', 'scheme !== null ? null'),
  one('a token that is over is sent', 'sw/pipeline/backend/gates.ts', "if (isOver(token.expiresAt, clocksOf(backend, now))) return 'over';", ''),
  one('what was on its way at a sign-out signs in', 'sw/policy/session.ts', 'if (event.signOuts !== before.signOuts) return', 'if (false) return'),
  one('an older token is learnt', 'sw/policy/session.ts', 'isOlder(token.value, live.value)', 'false'),
  one("a former user's token is learnt", 'sw/policy/session.ts', 'return made !== null && last.issuedAt !== null && made < last.issuedAt;', 'return made === null;'),
  one('a refused token is no reason to wait', 'sw/policy/classify.ts', "if (speaksOfToken(outcome, codes)) return 'auth-expired';", ''),
  {
    name: 'a sign-out leaves the session',
    file: 'sw/policy/session.ts',
    // That it's noted is enough to park what waits, whatever token is there.
    edits: [['{ token: null, last: null, sessionUser: null, signedOut: {', '{ ...before, last: null, sessionUser: null, s: {']],
  },
  // What's on disk, and where.
  one('paid off before the page has its answer', 'sw/pipeline/capture/disk-copy.ts', 'Promise.all([writing, handedOver(context.handled, clock)])', 'Promise.all([writing])'),
  one('one key for all base URLs', 'sw/protocol/ids.ts', 'parts.map(encodeURIComponent)', '(parts.length === 3 ? [parts[0]!, parts[2]!] : parts).map(encodeURIComponent)'),
  one('what is on the wire is replaced', 'sw/store/outbox.ts', "entry.state === 'pending' && !isFirstSend(entry) && !order.isInFlight(entry.seq)", "entry.state === 'pending'"),
  one('no tally of what comes', 'sw/store/outbox.ts', 'await count(tx, inTheWay ?? null, entry);', ''),
  one('a lane sends side by side', 'sw/policy/lanes.ts', 'if (view.busyLanes.has(lane[0]!.lane)) continue;', ''),
  one('given up too young', 'sw/policy/lanes.ts', 'const end = head.agesFrom + maxAgeMs;', 'const end = head.agesFrom + maxAgeMs / 100;'),
  one('the kill switch is not looked at', 'sw/pipeline/capture/intercept.ts', 'const isOff = !configurationOf(backend, state.settings).offlineMode;', 'const isOff = false;'),
];
