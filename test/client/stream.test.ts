import { describe, expect, test, vi } from 'vitest';
import { createStreamHarness, DONE, events, range, settle } from '../support/stream-harness.js';

const kinds = (log: string[], kind: string) => log.filter((line) => line.split(' ')[1] === kind);
const sends = (log: string[]) => kinds(log, 'GET');

describe('S1 progress', () => {
  test('is stored after an event was handed over, and cleared after the terminal one: emit, save, clear', async () => {
    const { server, open, read, log, stored } = createStreamHarness();
    server({ text: events(1) + 'id: 2\nevent: done\ndata: x\n\n' });
    await read(open());
    expect(log).toEqual(['0 GET', '0 event 1', '0 saved 1', '0 event 2 done', '0 saved 2', '0 cleared', '0 over']);
    expect(await stored()).toBeNull();
  });

  test('isn’t stored while the loop is still at the event', async () => {
    const { server, open, log, stored } = createStreamHarness();
    server({ text: events(1, 2), ends: 'hang' });
    const stream = open();
    await stream.next();
    await settle();
    expect(await stored()).toBeNull();
    await stream.next();
    await settle();
    expect(await stored()).toBe('1');
    expect(log).toEqual(['0 GET', '0 saved 1']);
  });

  test('includes the event at which the loop was left', async () => {
    const { server, open, read, stored } = createStreamHarness();
    server({ text: events(1, 2, 3) });
    await read(open(), 2);
    expect(await stored()).toBe('2');
  });

  test('is cleared when the loop is left at the terminal event', async () => {
    const { server, open, read, store, log } = createStreamHarness();
    await store('1');
    server({ text: DONE });
    await read(open(), 1);
    expect(log).toEqual(['0 GET after 1', '0 event - done', '0 cleared', '0 over']);
  });

  test('stays as it is at an event without an id', async () => {
    const { server, open, read, stored } = createStreamHarness();
    server({ text: `${events(1)}data: x\n\n` });
    await read(open(), 2);
    expect(await stored()).toBe('1');
  });

  test('is cleared by a 204, with which the server says that the stream is over', async () => {
    const { server, open, read, store, log } = createStreamHarness();
    await store('9');
    server(new Response(null, { status: 204 }));
    await read(open());
    expect(log).toEqual(['0 GET after 9', '0 cleared', '0 over']);
  });

  test('goes to disk one write at a time, the newest id next, and the last id before the stream ends', async () => {
    const { server, open, read, saves, log } = createStreamHarness();
    let answer = () => {};
    const asked: string[] = [];
    saves((id) => {
      asked.push(id);
      return new Promise((resolve) => (answer = resolve));
    });
    server({ text: events(...range(1, 100)) + DONE });
    const reading = read(open());
    await settle();
    expect(asked).toEqual(['1']);
    expect(log).not.toContain('0 over');
    answer();
    await settle();
    expect(asked).toEqual(['1', '100']);
    expect(log).not.toContain('0 cleared');
    answer();
    await reading;
    expect(log.slice(-3)).toEqual(['0 saved 100', '0 cleared', '0 over']);
  });

  test('is cleared at a terminal event that comes again, which isn’t handed over again', async () => {
    const { server, open, read, store, log } = createStreamHarness();
    await store('2');
    server({ text: 'id: 2\nevent: done\ndata: x\n\n' });
    await read(open());
    expect(log).toEqual(['0 GET after 2', '0 cleared', '0 over']);
  });
});

describe('S2 a stream', () => {
  test('starts at the beginning when nothing is stored', async () => {
    const { server, open, read, headers } = createStreamHarness();
    server({ text: DONE });
    await read(open());
    expect(headers[0]!.has('last-event-id')).toBe(false);
    expect(headers[0]!.get('accept')).toBe('text/event-stream');
  });

  test('starts after an explicit id, and after the stored id when there’s no explicit one', async () => {
    const { server, open, read, store, log } = createStreamHarness();
    server({ text: events(8), ends: 'hang' });
    await store('7');
    await read(open(), 1);
    await store('7');
    await read(open({ lastEventId: '5' }), 1);
    expect(sends(log)).toEqual(['0 GET after 7', '0 GET after 5']);
  });

  test('goes on after the id that’s stored at the end of a backoff, whatever the explicit id and its own last id are', async () => {
    const { server, open, read, store, clock, log } = createStreamHarness();
    server('drop', { text: events(31) }, { text: DONE });
    const reading = read(open({ lastEventId: '5' }));
    await settle();
    await store('30');
    await clock.advance(500);
    // Another tab is ahead.
    await store('40');
    await clock.advance(500);
    await reading;
    expect(sends(log)).toEqual(['0 GET after 5', '500 GET after 30', '1000 GET after 40']);
  });

  test('starts over after an event with an empty id, as the standard has it', async () => {
    const { server, open, read, clock, headers } = createStreamHarness();
    server({ text: `${events(1)}id:\ndata: x\n\n` }, { text: DONE });
    const reading = read(open());
    await clock.advance(500);
    await reading;
    expect(headers[1]!.has('last-event-id')).toBe(false);
  });

  test('sends an id beyond ASCII as its UTF-8 bytes', async () => {
    const { server, open, read, store, headers } = createStreamHarness();
    await store('Ü→');
    server({ text: DONE });
    await read(open());
    const bytes = Uint8Array.from(headers[0]!.get('last-event-id')!, (char) => char.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe('Ü→');
  });
});

describe('S4 a stream', () => {
  test('drops an event that repeats one of the last 256 ids, and hands over one that repeats an older id', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server({ text: events(...range(1, 300)) }, { text: events(45, 300, 44, 301) + DONE });
    const reading = read(open());
    await clock.advance(500);
    await reading;
    expect(kinds(log, 'event').slice(300)).toEqual(['500 event 44', '500 event 301', '500 event - done']);
  });

  test('drops an event that repeats the stored id', async () => {
    const { server, open, read, store, log } = createStreamHarness();
    await store('7');
    server({ text: events(7, 8) + DONE });
    await read(open());
    expect(kinds(log, 'event')).toEqual(['0 event 8', '0 event - done']);
  });

  test('hands over each event without an id', async () => {
    const { server, open, read, log } = createStreamHarness();
    server({ text: `data: x\n\ndata: x\n\n${DONE}` });
    await read(open());
    expect(kinds(log, 'event')).toHaveLength(3);
  });
});

describe('L7 a silent connection', () => {
  const open = { text: 'id: 1\ndata: x\n\n', ends: 'hang' } as const;

  test('is left alone, unless a time is given', async () => {
    const { server, open: start, read, clock, log } = createStreamHarness();
    server(open);
    void read(start());
    await clock.advance(3_600_000);
    expect(sends(log)).toHaveLength(1);
  });

  test('counts as cut after that time, with and without an answer, and leaves no timer behind', async () => {
    const { server, open: start, read, clock, log, timers, flying } = createStreamHarness();
    server(open, 'hang', { text: 'event: done\ndata: x\n\n' });
    void read(start({ silenceTimeoutMs: 10_000 }));
    await clock.advance(9_999);
    expect(sends(log)).toHaveLength(1);
    await clock.advance(2_000);
    expect(sends(log)).toHaveLength(2);
    await clock.advance(12_000);
    expect(log.at(-1)).toContain('over');
    expect([timers(), flying()]).toEqual([0, 0]);
  });

  test('isn’t the app’s time at an event', async () => {
    const { server, open: start, clock, log } = createStreamHarness();
    server(open);
    const stream = start({ silenceTimeoutMs: 10_000 });
    await stream.next();
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    await stream.return();
  });
});

describe('S5 failed requests', () => {
  test('are repeated after 500 ms, twice as long each time, 5 s at most', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server('drop');
    void read(open());
    await clock.advance(20_000);
    const times = sends(log).map((line) => Number.parseFloat(line));
    const waits = times.slice(1).map((at, index) => Math.round(at - times[index]!));
    // Without any luck; up to a fifth more is added, and 5 s is the cap of both.
    expect(waits).toEqual([500, 1000, 2000, 4000, 4167, 4167]);
  });

  test('are repeated up to 20 % later, and never later than the cap', async () => {
    const { server, open, read, clock, log } = createStreamHarness({ random: () => 1 });
    server('drop');
    void read(open());
    await clock.advance(20_000);
    const times = sends(log).map((line) => Number.parseFloat(line));
    const waits = times.slice(1).map((at, index) => at - times[index]!);
    expect(waits.slice(0, 5).map(Math.round)).toEqual([600, 1200, 2400, 4800, 5000]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5000);
  });

  for (const status of [408, 425, 429, 500, 502, 503, 504])
    test(`that are answered with ${status} are repeated`, async () => {
      const { server, open, read, clock, log } = createStreamHarness();
      server(new Response(null, { status }), { text: DONE });
      const reading = read(open());
      await clock.advance(500);
      await reading;
      expect(log).toEqual(['0 GET', '500 GET', '500 event - done', '500 cleared', '500 over']);
    });

  for (const status of [400, 403, 404, 422, 501])
    test(`that are answered with ${status} end the stream, and touch no gate`, async () => {
      const { server, open, read, online, log } = createStreamHarness();
      online(false);
      server(new Response(null, { status }));
      await read(open());
      expect(log).toEqual(['0 GET', `0 StreamError: has ended: it was answered with ${status}`]);
    });

  test('count from 0 again after an event', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server('drop', 'drop', 'drop', { text: events(1), ends: 'reset' }, 'drop', { text: DONE });
    const reading = read(open());
    await clock.advance(10_000);
    await reading;
    expect(sends(log)).toEqual(['0 GET', '500 GET', '1500 GET', '3500 GET', '4000 GET after 1', '5000 GET after 1']);
  });

  test('don’t count from 0 again after an answer without an event', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server({ text: ': hello\n\n' });
    void read(open());
    await clock.advance(3_500);
    expect(sends(log)).toEqual(['0 GET', '500 GET', '1500 GET', '3500 GET']);
  });

  test('are repeated after the time of the server’s retry:, in place of the 500 ms and of a shorter cap', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server({ text: `retry: 40\n${events(1)}` }, { text: `retry: 9000\n${events(2)}` }, { text: DONE });
    const reading = read(open());
    await clock.advance(9_040);
    await reading;
    expect(sends(log)).toEqual(['0 GET', '40 GET after 1', '9040 GET after 2']);
  });

  test('are repeated no earlier than Retry-After asks', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    server(new Response(null, { status: 503, headers: { 'Retry-After': '7' } }), { text: DONE });
    const reading = read(open());
    await clock.advance(7_000);
    await reading;
    expect(sends(log)).toEqual(['0 GET', '7000 GET']);
  });

  test('are repeated a backoff after the network is back', async () => {
    const { server, open, read, clock, online, listeners, log } = createStreamHarness();
    server('drop', { text: DONE });
    online(false);
    const reading = read(open());
    await clock.advance(60_000);
    expect(sends(log)).toEqual(['0 GET']);
    online(true);
    await clock.advance(500);
    await reading;
    expect(sends(log)).toEqual(['0 GET', '60500 GET']);
    expect(listeners()).toBe(0);
  });

  test('are told to onState, and so is the id after which the stream goes on', async () => {
    const { server, open, read, clock } = createStreamHarness();
    const states: unknown[] = [];
    server(new Response(null, { status: 503 }), { text: events(4) }, { text: DONE });
    const reading = read(open({ onState: (state) => states.push(state) }));
    await clock.advance(2_000);
    await reading;
    expect(states).toEqual([
      { state: 'waiting', delayMs: 500, attempt: 1, status: 503 },
      { state: 'open', lastEventId: null },
      { state: 'waiting', delayMs: 500, attempt: 1, status: null },
      { state: 'open', lastEventId: '4' },
    ]);
  });

  test('leave the body of their answer unread', async () => {
    const cancel = vi.fn();
    const { server, open, read, clock } = createStreamHarness();
    const failing = new Response(new ReadableStream({ cancel }), { status: 500 });
    failing.clone = () => failing;
    server(failing, { text: DONE });
    const reading = read(open());
    await clock.advance(500);
    await reading;
    expect(cancel).toHaveBeenCalledOnce();
  });
});

describe('S6 a 401', () => {
  const refused = () => new Response(null, { status: 401 });
  const asking = (...tokens: unknown[]) => {
    const asked: string[] = [];
    const ask = async ({ reason, rejected }: { reason: string; rejected: boolean }) => {
      asked.push(`${reason} ${rejected}`);
      const token = tokens.shift();
      if (token instanceof Error) throw token;
      return token as string;
    };
    return { ask, asked };
  };

  test('makes one forced refresh, and the request goes again at once', async () => {
    const { server, open, read, log } = createStreamHarness();
    const { ask, asked } = asking('old', 'new');
    server(refused(), { text: DONE });
    await read(open({ ask }));
    expect(sends(log)).toEqual(['0 GET as old', '0 GET as new']);
    expect(asked).toEqual(['token-missing false', 'auth-expired true']);
  });

  test('makes two re-sends at most, then AuthRejectedError', async () => {
    const { server, open, read, log } = createStreamHarness();
    const { ask, asked } = asking('a', 'b', 'c', 'd');
    server(refused());
    await read(open({ ask }));
    expect(log).toEqual(['0 GET as a', '0 GET as b', '0 GET as c', '0 AuthRejectedError: was answered with 401, and so were 2 fresh tokens']);
    expect(asked).toHaveLength(3);
  });

  for (const blank of [null, undefined, '', '  ', 'Bearer ', 7, new Error('no')])
    test(`makes no re-send when the fresh token is ${String(blank) || 'a blank token'}`, async () => {
      const { server, open, read, log } = createStreamHarness();
      server(refused());
      await read(open({ ask: asking('a', blank).ask }));
      expect(log).toEqual(['0 GET as a', '0 AuthRejectedError: was answered with 401, and there is no fresh token']);
    });

  test('ends a stream that has no source of tokens', async () => {
    const { server, open, read, log } = createStreamHarness();
    server(refused());
    await read(open());
    expect(log).toEqual(['0 GET', '0 StreamError: has ended: it was answered with 401']);
  });

  test('to the app’s own Authorization header makes a refresh', async () => {
    const { server, open, read, log } = createStreamHarness();
    const { ask, asked } = asking('new');
    server(refused(), { text: DONE });
    await read(open({ ask, headers: new Headers({ Authorization: 'Bearer mine' }) }));
    expect(sends(log)).toEqual(['0 GET as mine', '0 GET as new']);
    expect(asked).toEqual(['auth-expired true']);
  });

  test('whose code names another credential ends the stream', async () => {
    const { server, open, read, log } = createStreamHarness();
    server(Response.json({ code: 'BadApiKey' }, { status: 401 }));
    await read(open({ ask: asking('a', 'b').ask }));
    expect(log).toEqual(['0 GET as a', '0 StreamError: has ended: it was answered with 401']);
  });

  test('counts as the first again once a token was accepted', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    const { ask } = asking('a', 'b', 'c', 'd', 'e');
    server(refused(), refused(), { text: events(1) }, refused(), refused(), { text: DONE });
    const reading = read(open({ ask }));
    await clock.advance(500);
    await reading;
    expect(log.at(-1)).toBe('500 over');
  });

  test('whose body never ends is judged without its body', async () => {
    const { server, open, read, clock, log } = createStreamHarness();
    const endless = new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9)) }), { status: 401 });
    endless.clone = () => endless;
    server(endless, { text: DONE });
    const reading = read(open({ ask: asking('a', 'b').ask }));
    await clock.advance(10_000);
    await reading;
    expect(sends(log)).toEqual(['0 GET as a', '10000 GET as b']);
  });
});

describe('S7 a stream', () => {
  test('ends with the error of a checkpoint that can’t be saved, while the stream waits for the server too', async () => {
    const { server, open, read, saves, log, flying } = createStreamHarness();
    saves(async () => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    server({ text: events(1), ends: 'hang' });
    await read(open());
    expect(log).toEqual(['0 GET', '0 event 1', '0 QuotaExceededError: no room']);
    expect(flying()).toBe(0);
  });

  test('ends with the error of a checkpoint that can’t be saved at the terminal event, and clears nothing', async () => {
    const { server, open, read, saves, log } = createStreamHarness();
    saves(async () => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    server({ text: 'id: 1\nevent: done\ndata: x\n\n' });
    await read(open());
    expect(log).toEqual(['0 GET', '0 event 1 done', '0 QuotaExceededError: no room']);
  });

  test('ends at an event that can’t be parsed, isn’t tried again, and doesn’t store the event’s id', async () => {
    const { server, open, read, clock, log, stored } = createStreamHarness();
    server({ text: `id: 1\ndata: 1\n\nid: 2\ndata: {\n\n` });
    void read(open({ parse: (text) => JSON.parse(text) as string }));
    await clock.advance(60_000);
    expect(log.at(-1)).toBe('0 StreamError: has ended: parse threw for an event');
    expect(sends(log)).toHaveLength(1);
    expect(await stored()).toBe('1');
  });

  test('ends at an answer of another type than text/event-stream', async () => {
    const { server, open, read, log } = createStreamHarness();
    server({ text: '<p>Sign in to the network', type: 'text/html; charset=utf-8' });
    await read(open());
    expect(log).toEqual(['0 GET', '0 StreamError: has ended: its type is text/html; charset=utf-8, not text/event-stream']);
  });

  test('ends at an event that has no end', async () => {
    const { server, open, read, log, flying } = createStreamHarness();
    server({ text: ['data: ', ...Array<string>(17).fill('x'.repeat(2 ** 20))], ends: 'hang' });
    await read(open());
    expect(log).toEqual(['0 GET', "0 StreamError: has ended: it can't be read"]);
    expect(flying()).toBe(0);
  });

  test('ignores comments, unknown fields and an event that’s cut off, as the standard has it', async () => {
    const { server, open, read, log } = createStreamHarness();
    server({ text: `: comment\nnonsense: 1\nretry: soon\n${events(1)}${DONE}id: 9\ndata: cut off` , type: 'text/event-stream;charset=utf-8' });
    await read(open());
    expect(kinds(log, 'event')).toEqual(['0 event 1', '0 event - done']);
  });
});

describe('S8 a stream', () => {
  const why = new Error('enough');

  for (const [where, reply, isOnline] of [
    ['while connecting', 'hang', true],
    ['between two events', { text: events(1), ends: 'hang' }, true],
    ['in the gate', 'drop', false],
    ['in the backoff', 'drop', true],
  ] as const)
    test(`${where} ends at once by a signal, and leaves nothing behind`, async () => {
      const harness = createStreamHarness();
      const { server, open, read, online, listeners, timers, flying, log } = harness;
      online(isOnline);
      server(reply);
      const reading = read(open());
      await settle();
      const before = log.length;
      harness.end.abort(why);
      await reading;
      expect(log.slice(before)).toEqual(['0 Error: enough']);
      expect([listeners(), timers(), flying()]).toEqual([0, 0, 0]);
    });

  test('closes its connection when the loop breaks', async () => {
    const { server, open, read, flying } = createStreamHarness();
    server({ text: events(1, 2), ends: 'hang' });
    await read(open(), 1);
    expect(flying()).toBe(0);
  });
});
