// The system's own Django: https://docs.djangoproject.com/en/stable/howto/csrf/, https://docs.djangoproject.com/en/stable/topics/auth/default/
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as send, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { SessionStack } from '../session-stack.js';

const PYTHON = '/usr/bin/python3';
const PROJECT = fileURLToPath(new URL('django_project.py', import.meta.url));

/** The version of the Django that Debian's package has brought; null where it's missing. */
export function findDjango(): string | null {
  try {
    const [, parts = ''] = /VERSION = \((\d+, \d+, \d+)/.exec(readFileSync('/usr/lib/python3/dist-packages/django/__init__.py', 'utf8')) ?? [];
    return parts.replaceAll(', ', '.');
  } catch {
    return null;
  }
}

let django: { port: number; child: ChildProcess } | null = null;

async function start(): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(PYTHON, ['-B', PROJECT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit').then(() => [''])])) as [string];
  if (!line) throw new Error('Django has not started');
  return { port: Number(line), child };
}

const call = ({ method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    send({ host: '127.0.0.1', port: django!.port, method, path: url, headers, agent: false }, resolve).on('error', reject).end(body);
  });

/** The token is in the cookie `csrftoken`, and another one after each login. Whoever isn't signed in is led to the login page. */
export const stack: SessionStack = {
  header: 'X-CSRFToken',
  async lapse() {
    (await call({ method: 'POST', url: '/lapse', headers: {} }, '')).resume();
  },
  async listener(act) {
    django = await start();
    return async (request, response) => {
      const answer = await call(request, await text(request));
      const said = await text(answer);
      if (answer.statusCode === 201) act(said);
      response.writeHead(answer.statusCode!, answer.headers).end(said);
    };
  },
  async close() {
    const ended = django && once(django.child, 'exit');
    django?.child.kill();
    await ended;
    django = null;
  },
};
