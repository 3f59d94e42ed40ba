import { describe, expect, test } from 'vitest';
import { connectivityGate, openGate } from '../../sw/policy/retry-gate.js';

/** A network that can be switched, and counts who listens to it. */
function network({ online = true, validated = [true] as (boolean | Promise<boolean>)[] } = {}) {
  const listeners = new Set<() => void>();
  let isOnline = online;
  let asked = 0;
  const gate = connectivityGate({
    isOnline: () => isOnline,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isValidated: () => validated[Math.min(asked++, validated.length - 1)]!,
  });
  const set = (value: boolean) => {
    isOnline = value;
    for (const listener of listeners) listener();
  };
  return { gate, set, listeners, asked: () => asked, tell: () => listeners.forEach((listener) => listener()) };
}

/** How a wait stands after a few turns. */
async function standing(wait: Promise<void>): Promise<string> {
  let state = 'waiting';
  wait.then(() => (state = 'open'), (reason: unknown) => (state = `ended by ${String(reason)}`));
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  return state;
}

describe('R8 connectivityGate', () => {
  const signal = () => new AbortController().signal;

  test('is open while the browser is online and the network validated, and listens to nothing then', async () => {
    const { gate, listeners } = network();
    expect(await standing(gate.awaitRetryAllowed(signal()))).toBe('open');
    expect(listeners.size).toBe(0);
  });

  test('opens when the browser is online again, and leaves no listener', async () => {
    const { gate, set, listeners } = network({ online: false });
    const wait = gate.awaitRetryAllowed(signal());
    expect(await standing(wait)).toBe('waiting');
    expect(listeners.size).toBe(1);
    set(true);
    expect(await standing(wait)).toBe('open');
    expect(listeners.size).toBe(0);
  });

  test('asks for no validation while the browser is offline', async () => {
    const { gate, asked } = network({ online: false });
    void gate.awaitRetryAllowed(signal());
    expect(asked()).toBe(0);
  });

  test('stays closed in a captive portal, and looks again when something changes', async () => {
    const { gate, tell } = network({ validated: [false, false, true] });
    const wait = gate.awaitRetryAllowed(signal());
    expect(await standing(wait)).toBe('waiting');
    tell();
    expect(await standing(wait)).toBe('open');
  });

  test('waits for a validation that’s under way', async () => {
    let answer = (_is: boolean) => {};
    const underWay = new Promise<boolean>((resolve) => (answer = resolve));
    const { gate, listeners } = network({ validated: [underWay, underWay, true] });
    const wait = gate.awaitRetryAllowed(signal());
    expect(await standing(wait)).toBe('waiting');
    answer(true);
    expect(await standing(wait)).toBe('open');
    expect(listeners.size).toBe(0);
  });

  test('looks again once its listener is in place, so that a change in between isn’t missed', async () => {
    let isOnline = false;
    const gate = connectivityGate({
      isOnline: () => isOnline,
      onChange: () => {
        isOnline = true;
        return () => {};
      },
    });
    expect(await standing(gate.awaitRetryAllowed(signal()))).toBe('open');
  });

  test('ends a wait at once at an abort, with its reason, and leaves no listener', async () => {
    const { gate, listeners, set } = network({ online: false });
    const abort = new AbortController();
    const wait = gate.awaitRetryAllowed(abort.signal);
    abort.abort('that');
    expect(await standing(wait)).toBe('ended by that');
    expect(listeners.size).toBe(0);
    set(true);
    for (const one of [gate, openGate]) expect(await standing(one.awaitRetryAllowed(abort.signal))).toBe('ended by that');
    expect(listeners.size).toBe(0);
  });
});
