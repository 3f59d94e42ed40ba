/** A way of breaking the product, as replacements of text in one of its sources. */
export interface Mutation {
  name: string;
  file: string;
  edits: readonly (readonly [from: string, to: string])[];
  /** The unit test that notices it, where the simulation can't. */
  seenBy?: string;
}

/** The texts that a source doesn't have exactly once, so that there's nothing, or no telling what, to replace. */
export const staleTexts = ({ edits }: Mutation, source: string): string[] => edits.map(([from]) => from).filter((from) => source.split(from).length !== 2);

const one = (name: string, file: string, from: string, to: string): Mutation => ({ name, file, edits: [[from, to]] });

/** Each takes out something that a promise hangs on. */
export const MUTATIONS: readonly Mutation[] = [
  one('a drain takes no lock', 'sw/pipeline/drain/drain.ts', 'locks.exclusive(DRAIN_LOCK, () => pump().finally(doubts.released));', 'pump();'),
  {
    name: 'a replaced worker drains',
    file: 'sw/pipeline/drain/drain.ts',
    edits: [
      ['if (!ports.isActive()) return Promise.resolve();', ''],
      ['!broken && ports.isActive()', '!broken'],
    ],
  },
  one("the lanes of other workers' first sends aren't withheld", 'sw/pipeline/workers/redelivery.ts', 'const isAnothers = sender !== null && sender !== workerId;', 'const isAnothers = sender !== null && sender === null;'),
  one('no drain follows a drain that broke off', 'sw/pipeline/drain/drain.ts', "error.name === 'VersionError')) nudgeIn(PAUSE_MS);", "error.name === 'VersionError')) {}"),
  one('what is decided of a later entry is written before the deliveries that wait', 'sw/pipeline/report.ts', 'async commit(commit) {\n      flush();', 'async commit(commit) {'),
  {
    // A database tells of a write and of a reading in the order in which they happen, and the drain itself leaves out what has been answered since.
    ...one('a turn that has changed while it was read counts as read', 'sw/pipeline/line.ts', 'if (changed.has(name)) this.#disturbed(name, changed.get(name)!);', ''),
    seenBy: 'test/pipeline/line.test.ts',
  },
  one('what was read of the line counts while another worker writes', 'sw/pipeline/workers/neighbours.ts', 'isAlone: () => areGone && areHeadsKnown && isActive(),', 'isAlone: () => true,'),
  one('an entry that is being written is sent as it was read', 'sw/pipeline/line.ts', 'name === undefined || this.#isChanging(seq)', 'name === undefined'),
  one('only the first of each turn may have been sent by a worker that died', 'sw/pipeline/backend/backends.ts', '(record?.sentTo ?? 0)) : seqs', '(record?.sentTo ?? 0)) : seqs.slice(0, 1)'),
  {
    ...one('a doubt ends with the worker that has it', 'sw/policy/backend-record.ts', '{ ...record, sentTo: seq } : record', 'record : record'),
    seenBy: 'test/pipeline/coalesce.test.ts',
  },
  {
    ...one("another worker's ids aren't read with the heads", 'sw/pipeline/backend/heads.ts', 'if (neighbours.mayHaveStored()) await', 'if (false) await'),
    seenBy: 'test/pipeline/made-offline.test.ts',
  },
  {
    ...one('a repeated sign-out is of who comes right behind it', 'sw/pipeline/auth/sessions.ts', 'arriving && arriving.at <= at', 'arriving'),
    seenBy: 'test/pipeline/sign-out.test.ts',
  },
  one('a send takes no second look at its gate', 'sw/pipeline/drain/replay.ts', 'plan.send.length === 0', 'plan === null'),
  one("an entry is deleted before it's sent", 'sw/pipeline/drain/replay.ts', 'report.tell({ ...aboutEntry(entry, startedAt)', 'await outbox.commitAll([{ seq: entry.seq, decide: () => ({ entry: null, events: [] }) }]);\n    report.tell({ ...aboutEntry(entry, startedAt)'),
  one('an answer settles whatever entry has the place by now', 'sw/pipeline/drain/replay.ts', "current.requestId === requestId", "current.seq > 0"),
  one('a 401 to an older token holds', 'sw/policy/auth-gate.ts', "if (event.generation < gate.generation) return [gate, 'resend'];", ''),
  one('any answer is a delivery', 'sw/policy/classify.ts', 'status >= 200 && status < 400', 'status >= 200'),
  one('a cancelled event tells only of a send on the wire', 'sw/policy/entry.ts', ' || isInDoubt(entry)', ''),
  one('requests are stored in any order', 'sw/pipeline/capture/enqueue.ts', 'await ticket.precedingPlaced();', ''),
  one('a request overtakes the waiting entries of its lane', 'sw/pipeline/capture/capture.ts', 'if (!reason && isBehind(backend, draft, now)) reason =', 'if (false) reason ='),
  one("a worker doesn't look for what another worker has stored", 'sw/pipeline/capture/capture.ts', 'if (neighbours.mayHaveStored()) await', 'if (false) await'),
  one('no event that comes again is known', 'sw/pipeline/capture/capture.ts', 'const resumed = endCheck && (await', 'const resumed = endCheck && null && (await'),
  one('any event is taken for one that comes again', 'sw/pipeline/workers/redelivery.ts', 'left.asked?.fingerprint !== mine || ', ''),
  // Each of the next two is enough without the other, for as long as a lane waits.
  one('no lane waits for an event that may come again', 'sw/pipeline/workers/redelivery.ts', 'waits = (seq: number) => !isOver() &&', 'waits = (seq: number) => false &&'),
  one("no event that comes again waits for its entry's replay", 'sw/pipeline/capture/capture.ts', 'replay = backend.flights.get(entry.seq)?.done ?? null;', 'replay = null;'),
  one("a first send that takes long isn't written down", 'sw/pipeline/capture/disk-copy.ts', 'canBeStored ? writeNow : ticket.placed', 'ticket.placed'),
  one("a first send that's answered isn't removed from the disk", 'sw/pipeline/capture/disk-copy.ts', "decide: (current) => transition(current, { type: 'answered', ...(real !== undefined && { real }) }, clock.now())", 'decide: () => null'),
  one('each send has a new key', 'sw/pipeline/send/stored-request.ts', '[IDEMPOTENCY_HEADER]: idempotencyKey }', '[IDEMPOTENCY_HEADER]: `${idempotencyKey}${((globalThis as any).keys = ((globalThis as any).keys ?? 0) + 1)}` }'),
  one('the token is written to the disk', 'sw/pipeline/capture/exchange.ts', 'describeRequest(request, headers)', 'describeRequest(request, { ...headers, ...(authorization && { authorization }) })'),
  one("an entry goes out with any owner's token", 'sw/pipeline/backend/gates.ts', "if (token && owner !== null && token.owner !== owner) return 'parked';", ''),
  one('a sign-out forgets no token', 'sw/policy/session.ts', 'if (signedOut && isForgotten(', 'if (false && isForgotten('),
  one('a sign-out forgets the last token, and no newer one', 'sw/policy/session.ts', 'Math.max(newestMade(before), issuedAt(token.value) ?? 0) || null', 'issuedAt(token.value)'),
  one('a late call counts as one after the sign-out', 'sw/policy/session.ts', 'outAt > at && outAt <= now', 'false'),
  {
    // It takes two users' tokens of one second, or a call that dies with its worker just when another user comes: kept scripts have both.
    ...one('a sign-out forgets what one backend has seen', 'sw/pipeline/auth/sessions.ts', 'backends.flatMap(({ record }) => record.seen)', 'backends.slice(0, 1).flatMap(({ record }) => record.seen)'),
    seenBy: 'test/pipeline/sign-out.test.ts',
  },
  {
    ...one('a repeated sign-out is of whoever is there', 'sw/pipeline/auth/sessions.ts', 'again ? formerUser(', 'false ? formerUser('),
    seenBy: 'test/pipeline/sign-out.test.ts',
  },
  {
    ...one("a worker that was replaced takes an entry's place", 'sw/pipeline/workers/neighbours.ts', '!(areHeadsKnown && isActive())', '!areHeadsKnown'),
    seenBy: 'test/pipeline/replay.test.ts',
  },
  {
    ...one('an entry that awaits another is known to be as it was', 'sw/pipeline/line.ts', '!entry.awaits && ', ''),
    seenBy: 'test/pipeline/line.test.ts',
  },
  one('a token of an event that comes again is learnt', 'sw/pipeline/auth/tokens.ts', 'if (redelivered && ', 'if (false && '),
  one('a worker tells no hold that an earlier one left untold', 'sw/pipeline/auth/tokens.ts', 'if (!hold || hold.told || signedOut) continue;', 'if (hold || !hold) continue;'),
  one("a worker doesn't hear other workers' events", 'sw/pipeline/report.ts', "heard: (event) => 'seq' in event && lookFor(event.seq),", 'heard: () => {},'),
  one("a waiting page takes the answer to whatever request has its entry's place", 'sw/pipeline/report.ts', 'isForOther ? null : settlement', 'settlement'),
  one("a purge takes everybody's", 'sw/pipeline/auth/sessions.ts', ' || (owner !== null && owner !== user)', ''),
  one('an older sign-in wins', 'sw/policy/backend-record.ts', 'const isNewer = epoch > written.epoch;', 'const isNewer = false;'),
  one("an entry that goes isn't taken from the tally", 'sw/store/writes.ts', 'await count(tx, entry, next);', 'if (next) await count(tx, entry, next);'),
  one('a page hears 202 before its entry is on disk', 'sw/store/connection.ts', 'tx.commit();\n        await tx.done;', 'tx.commit();'),
  one('the kill switch lets all pass', 'sw/pipeline/capture/intercept.ts', 'if (isOff && !mayComeAgain() && !backend.providers.any)', 'if (isOff)'),
  // What a server says of itself.
  one('an open circuit lets the whole line out', 'sw/policy/lanes.ts', "const open = view.circuit.state === 'closed';", 'const open = true;'),
  one('a request is tried while the circuit is open', 'sw/pipeline/capture/capture.ts', "if (circuit.state === 'open' && (", 'if (false && ('),
  one('no entry rests', 'sw/policy/retry.ts', 'return isNotNow(status) ? resting(attempt, random) : null;', 'return null;'),
  one('an answer of "not now" opens no circuit', 'sw/pipeline/send/records.ts', "else if (kind !== 'failed' && kind !== 'rests-alone' && kind !== 'suspect') {", "else if (kind === 'unreachable') {"),
  one("a Retry-After isn't read", 'sw/pipeline/send/records.ts', 'answer && askedPatienceMs(answer.headers, now)', 'null as number | null'),
  one('a Retry-After counts for one entry alone', 'sw/pipeline/send/records.ts', 'FOR_ALL.has(status) ||', 'false ||'),
  // An idempotency layer's answers.
  one('a server that is at work counts as a refusal', 'sw/policy/idempotency.ts', "if (mark === 'busy' && (isRepeated || !isFirst)) return 'in-progress';", ''),
  one('a conflict without a mark is a refusal', 'sw/policy/idempotency.ts', "return mark === null && isRepeated && mayBeBusy(answer.status) ? 'transient' : verdict;", 'return verdict;'),
  one('a server at work spends the retries', 'sw/pipeline/send/records.ts', 'delayMs: busyDelay(entry.inProgress, askedPatienceMs(answer.headers, now), chance.fraction(), now),\n    retries: entry.retries,', 'delayMs: entry.retries < 5 ? 2_000 : null,\n    retries: entry.retries + 1,'),
  one('a server at work is asked at once', 'sw/policy/idempotency.ts', 'Math.min(left, Math.max(askAgain(asks, random), floorMs ?? 0))', '0'),
  one('a kept failure is tried again', 'sw/policy/idempotency.ts', "if (mark === 'kept') return 'permanent';", "if (mark === 'kept') return verdict;"),
  one("a refused token's key goes with the next token", 'sw/policy/entry.ts', 'freshKey && (kept || onlyTokensRefused(entry)) ? underKey(entry, freshKey) : entry;', 'freshKey && kept ? entry : entry;'),
  one('nothing is in doubt', 'sw/policy/entry.ts', '...(isInDoubt(entry) && { inDoubt: true as const })', '...(false && { inDoubt: true as const })'),
  one('a failure of the server leaves no doubt', 'sw/policy/key-history.ts', '(status === null || status === 408 || status >= 500)', '(status === 408)'),
  one("what a dead worker may have sent isn't in doubt", 'sw/pipeline/workers/doubts.ts', 'on: (entry) => (isIn(entry) ? { ...entry, unheard: true } : entry),', 'on: (entry) => entry,'),
  one("a network's login page costs an address its key", 'sw/pipeline/send/second-look.ts', "if (sent.outcome.kind === 'answer' && sent.outcome.redirected)", 'if (true)'),
  one("the second look's send counts as the first", 'sw/pipeline/capture/first-send.ts', 'exchange.draft = { ...draft, unheard: true };', ''),
  one('a take-over that cannot be written leaves no doubt', 'sw/pipeline/capture/capture.ts', '{ entry: { ...left, unheard: true as const } }', '{ entry: left }'),
  one('a capture is noted after the sweep of its transaction', 'sw/pipeline/line.ts', 'added(entry: EntryRecord, since = this.age): void {\n    if (since < this.age) return this.forget();', 'added(entry: EntryRecord, since = this.age): void {\n    if (since < 0) return this.forget();'),
  one("a replaced worker's first send that can't be written stays", 'sw/pipeline/capture/disk-copy.ts', 'ports.isActive() || void step(', 'true || void step('),
  one('a replaced worker takes up what came again', 'sw/pipeline/capture/capture.ts', "reason ?? (ports.isActive() ? null : 'behind-waiting')", 'reason'),
  // Whose it is, and with what it travels.
  one('an entry is stored without its owner', 'sw/pipeline/capture/exchange.ts', 'scheme !== null ? config.owner(credential)', 'scheme !== null ? null'),
  one('a token that is over is sent', 'sw/pipeline/backend/gates.ts', "if (isOver(token.expiresAt, clocksOf(backend, now))) return 'over';", ''),
  one('a token that was on its way at a sign-out signs its user in', 'sw/policy/session.ts', 'if (isFromBefore(before, event)) return', 'if (false) return'),
  one('an older token is learnt', 'sw/policy/session.ts', 'isOlder(token.value, live.value)', 'false'),
  one("a former user's token is learnt", 'sw/policy/session.ts', 'return made !== null && last.issuedAt !== null && made < last.issuedAt;', 'return made === null;'),
  one('a refused token makes no hold', 'sw/policy/classify.ts', "if (speaksOfToken(outcome, codes)) return 'auth-expired';", ''),
  {
    name: 'a sign-out leaves the session',
    file: 'sw/policy/session.ts',
    // That it's noted is enough to park what waits, whatever token is there.
    edits: [['{ token: null, last: null, sessionUser: null, signedOut: {', '{ ...before, last: null, sessionUser: null, s: {']],
  },
  // What another library's queue owes.
  one('adoption removes before it stores', 'sw/pipeline/adoption.ts', 'const made = await take(row, id)', 'await queue.remove([row.id]);\n      const made = await take(row, id)'),
  one('adoption beside the drain', 'sw/pipeline/adoption.ts', 'return await locks.exclusive(DRAIN_LOCK, () => takeAll(queue));', 'return await takeAll(queue);'),
  one('what the old queue has taken is sent too', 'sw/pipeline/adoption.ts', "if (made.kind !== 'taken' || removed.has(id)) continue;", 'continue;'),
  one('what was adopted before is not known', 'sw/pipeline/adoption.ts', 'directives.id = id;', 'directives.id = `${id}-${clock.now()}`;'),
  one('what stays is removed', 'sw/pipeline/adoption.ts', "if (made.kind !== 'stays') taken.set(row.id, made);", 'taken.set(row.id, made);'),
  one('the token of an old queue is kept', 'sw/pipeline/adoption.ts', 'const { draft: made, body } = described;', 'const { draft: made, body } = described;\n      made.request.headers.old = String(described.authorization);'),
  // The database is lost, full, or upgraded.
  one('nothing goes from a full disk by itself', 'sw/store/connection.ts', 'if (!whenFull || !isQuotaError(error)) throw error;', 'if (true) throw error;'),
  one('a lost connection is not opened again', 'sw/store/connection.ts', "if (!(error instanceof DOMException) || !/^(InvalidState|Unknown|Abort)Error$/.test(error.name)) throw error;", 'throw error;'),
  one('a lost connection is kept', 'sw/store/connection.ts', '      letGo();\n      return work(await open());', '      return work(await open());'),
  one('nobody makes way for an upgrade', 'sw/store/connection.ts', '          letGo();\n          (event.target as IDBDatabase).close();', ''),
  one('an upgrade drops what waits', 'sw/store/schema.ts', '    const entries = tx.objectStore(\'entries\');\n', '    const entries = tx.objectStore(\'entries\');\n    entries.delete(IDBKeyRange.lowerBound(0)).catch(() => {});\n'),
  one('an upgrade counts nothing', 'sw/store/schema.ts', '    for (const [backend, tally] of sums) await tallies.put(tally, backend);\n', ''),
  one('what may be on disk is stored again', 'sw/store/outbox.ts', 'const isNewId = order.isNewId === true && !isRepeat;', 'const isNewId = order.isNewId === true;'),
  one('what is on disk is in its own way', 'sw/store/writes.ts', 'const stored = draft.requestId && sameKey', 'const stored = draft.requestId && [].length > 0 && sameKey'),
  // What's on disk, and where.
  one('a first send is removed from the disk before the page has its answer', 'sw/pipeline/capture/disk-copy.ts', 'Promise.all([writing, handedOver(context.handled, clock)])', 'Promise.all([writing])'),
  one('one key for all base URLs', 'sw/protocol/ids.ts', 'parts.map(encodeURIComponent)', '(parts.length === 3 ? [parts[0]!, parts[2]!] : parts).map(encodeURIComponent)'),
  one('an entry on the wire is replaced', 'sw/store/writes.ts', "entry.state === 'pending' && !isFirstSend(entry) && !entry.inProgress && !order.isInFlight(entry.seq)", "entry.state === 'pending'"),
  one("an entry that comes isn't added to the tally", 'sw/store/writes.ts', 'await count(tx, inTheWay ?? null, entry);', ''),
  one('a lane sends side by side', 'sw/policy/lanes.ts', 'if (view.busyLanes.has(lane[0]!.lane)) continue;', ''),
  one('an entry is given up too young', 'sw/policy/lanes.ts', 'const end = head.agesFrom + maxAgeMs;', 'const end = head.agesFrom + maxAgeMs / 100;'),
  one('the kill switch is not looked at', 'sw/pipeline/capture/intercept.ts', 'const isOff = !configurationOf(backend, state.settings).offlineMode;', 'const isOff = false;'),
  // Sessions by cookie.
  one('no look at whose session it is', 'sw/pipeline/backend/gates.ts', "return session && owner !== null && owner !== sessionUser(backend) ? 'parked' : 'open';", "return 'open';"),
  one('no session is stamped', 'sw/pipeline/capture/exchange.ts', ': session ? cookieUser : null;', ': null;'),
  one("what comes again goes in another's session", 'sw/pipeline/capture/first-send.ts', 'if (draft.scheme === null && copy.isKept()', 'if (false && copy.isKept()'),
  one('a sign-out leaves the session by cookie', 'sw/policy/session.ts', '{ token: null, last: null, sessionUser: null, signedOut', '{ token: null, last: null, sessionUser: before.sessionUser, signedOut'),
  one('a session by cookie is not written down', 'sw/pipeline/auth/sessions.ts', 'changes.map(({ backend, events }) => report.commit({ backend: backend.record, events }))', 'changes.map(({ events }) => Promise.resolve(events))'),
  one('a lapsed session holds nothing', 'sw/pipeline/send/judge.ts', "!isFirst && isSessionOver(answer, verdict) ? 'session-expired' : null", 'null'),
  one('a sign-in leaves the hold of its session', 'sw/pipeline/auth/sessions.ts', 'for (const owner of new Set([sessionUser(backend), null]))', 'for (const owner of [null])'),
  one('a purge takes nothing by cookie', 'sw/pipeline/auth/sessions.ts', 'if (outlives(entry) ||', 'if (outlives(entry) || entry.session ||'),
  // Streams.
  one('a purge leaves checkpoints', 'sw/store/outbox.ts', "writesTo(tx, 'checkpoints').delete(keysOf(backend.key));", ''),
  one('said to be saved before the disk', 'sw/pipeline/calls/checkpoints.ts', 'await save(key, value);', 'void save(key, value);'),
  one('a checkpoint before its event is handed over', 'client/stream/stream.ts', 'const isRepeat = id && !isNew(id);', 'const isRepeat = id && !isNew(id);\n            if (id !== undefined) writer.note(id);'),
  one('a sign-out leaves streams alone', 'client/stream/open.ts', "if (ask) session.addEventListener('abort', () => fail(session.reason), { signal: ended });", ''),
  one('checkpoints are written side by side', 'client/stream/checkpoint-writer.ts', 'if (isWriting) return;', ''),
  one('repeats are handed over', 'client/stream/stream.ts', 'if (lastId) isNew(lastId);', "if (attempt) lastId = String(Number(lastId ?? 1) - 1);"),
  one('a sign-out leaves streams', 'client/sync-client.ts', 'this.#session.abort(', '(() => {})('),
  // Clocks.
  one('each backend has a clock of its own', 'sw/pipeline/backend/server-clock.ts', '(clocks[new URL(url).origin] ??=', '(clocks[url] ??='),
  one('no Date is read', 'sw/pipeline/backend/server-clock.ts', 'if (!Number.isNaN(skewMs) && age === undefined)', 'if (false)'),
  one('only the device tells the time', 'sw/policy/jwt.ts', 'expiresAt <= Math.min(device, server))', 'expiresAt <= device)'),
  one('only the server tells the time', 'sw/policy/jwt.ts', 'expiresAt <= Math.min(device, server))', 'expiresAt + 120_000 <= server)'),
  // Writes that become one.
  one('what was sent is coalesced', 'sw/policy/coalesce.ts', 'entry.sends === 0 &&', ''),
  one('what another worker may have on the wire is coalesced', 'sw/pipeline/capture/enqueue.ts', 'exchange.isNewId && neighbours.isAlone()', 'exchange.isNewId'),
  one('what is on the wire is coalesced', 'sw/store/writes.ts', '!last?.requestId || order.isInFlight(last.seq)', '!last?.requestId'),
  one('coalescing overtakes what stands between', 'sw/store/writes.ts', "before, false, true), 'prev');", "before, false, true), 'next');"),
  one('nothing stays of the older of two writes', 'sw/store/writes.ts', 'if (left.asked) writesTo', 'if (false) writesTo'),
  one('the older body goes out with the newer request', 'sw/store/writes.ts', 'withBody(made.decision.entry, body);\n', 'withBody(made.decision.entry, last.body ?? body);\n'),
  one('the decision about two writes has no body', 'sw/store/writes.ts', 'const decision = { ...made.decision, entry };', 'const decision = made.decision;'),
  // What is made offline.
  one("a request doesn't wait for what it names", 'sw/pipeline/capture/naming.ts', 'if (provider && !provider.real) awaits.add(provider.seq);', ''),
  one("an id isn't written with its delivery", 'sw/store/writes.ts', "if (decision.given) writesTo(tx, 'ids').put(decision.given);", ''),
  one('what awaits something that was given up waits on', 'sw/store/writes.ts', 'if (decision.dependents &&', 'if (false && decision.dependents &&'),
  one('a worker knows no ids of earlier ones', 'sw/pipeline/backend/backends.ts', 'outbox.start(AHEAD), providers.refresh()', 'outbox.start(AHEAD)'),
  one('an id goes into the URL alone', 'sw/pipeline/send/real-ids.ts', 'made === bytes ? body', 'bytes ? body'),
  // Newer versions of the server's.
  one('a conflict has no end of rounds', 'sw/pipeline/drain/mend.ts', ' || (entry.conflicts ?? 0) >= CONFLICT_ROUNDS', ''),
  one('a conflict is a dead letter at once', 'sw/pipeline/drain/mend.ts', '!onConflict || !answer', '!answer || answer'),
  one('onConflict has all the time it wants', 'sw/pipeline/drain/mend.ts', "await deadline('onConflict', asking, abort.signal)", 'await asking()'),
  one('what onConflict throws is a failure of the drain', 'sw/pipeline/drain/mend.ts', "return { type: 'permanent', reason: 'on-conflict', answer, block: config.onDead === 'block' };", 'throw error;'),
  one('a round begins with what the one before has made', 'sw/pipeline/drain/replay.ts', 'request: () => restored(entry, body), condition', 'request: () => restored(asSent(entry), entry.mended?.body === undefined ? body : entry.mended.body), condition'),
  one('what onConflict has made is not sent', 'sw/pipeline/drain/replay.ts', 'request = restored(asSent(entry), mended.body === undefined ? body : mended.body);', 'request = restored(entry, body);'),
  one("what onConflict has made keeps the page's body", 'sw/pipeline/drain/replay.ts', 'mended.body === undefined ? body : mended.body);', 'body);'),
  one('what onConflict has made goes under the key as it was', 'sw/pipeline/drain/mend.ts', 'freshKeyFor(entry, config.idempotencyKey, chance.uuid()), newKey: true }', 'entry.idempotencyKey, newKey: true }'),
  one('what is given up for a newer version is not in doubt', 'sw/policy/entry.ts', "type: 'cancelled', mayBeDelivered: isInDoubt(entry), conflict", "type: 'cancelled', mayBeDelivered: false, conflict"),
  one('what is given up for a newer version settles as any other', 'sw/policy/entry.ts', ", input.answer, now), conflict: true },", ', input.answer, now) },'),
  one('what is mended goes for any version', 'sw/policy/conflict.ts', "const condition = etag?.startsWith('\"') ? etag : status === 428 ? '*' : null;", "const condition = etag ? (status === 428 ? '*' : null) : null;"),
  one('a merge is our version alone', 'sw/policy/conflict.ts', '{ body: patched(body, ours) }', '{ body: patched({}, ours) }'),
  one('no version of our own deliveries is followed', 'sw/pipeline/drain/replay.ts', "if (etag !== null) request.headers.set('if-match', etag);", ''),
  // What the next two need comes together too seldom: two hundred seeds don't show them.
  { ...one("the versions of our deliveries aren't written", 'sw/pipeline/drain/replay.ts', '        etags: changes,\n', ''), seenBy: 'test/pipeline/etags.test.ts' },
  { ...one("another user's delivery is followed", 'sw/policy/etags.ts', 'JSON.stringify([owner, url])', 'JSON.stringify([url, owner && 0])'), seenBy: 'test/pipeline/etags.test.ts' },
  one('a version is followed by what was made after the answer', 'sw/policy/etags.ts', ' && capturedAt <= note.at', ''),
  one('a version is followed by what stands before its delivery', 'sw/policy/etags.ts', ' && seq > note.seq', ''),
  one('what onConflict has made follows a delivery', 'sw/policy/etags.ts', ' && !mended', ''),
  one("a row of our deliveries goes on over others' changes", 'sw/policy/etags.ts', 'before?.etag === sent ? before.stale : []', 'before ? before.stale : []'),
  one('any newer version is followed', 'sw/policy/etags.ts', "note.stale.includes(request.headers['if-match'] ?? '')", "request.headers['if-match'] !== undefined"),
];
