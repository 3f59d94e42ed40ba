/* Runs in the page: its functions must need nothing from outside. */

/** What a page saw of one request, as plain data. */
export type Seen = Record<string, unknown>;

/** Makes all requests of the comparison, one after the other, and gives what the page saw of each. */
export async function runCases(): Promise<Record<string, Seen>> {
  const seen: Record<string, Seen> = {};
  const url = (path: string, name: string) => `/api/${path}?case=${encodeURIComponent(name)}`;
  const tell = (what: string, name: string) => fetch(`/tell/${what}?case=${encodeURIComponent(name)}`, { cache: 'no-store' });
  const failure = (error: unknown) => ({ error: (error as Error).name });
  const answered = async (response: Response): Promise<Seen> => {
    const { status, statusText, type, url: address, redirected, headers } = response;
    const body = await response.arrayBuffer().then((bytes) => [...new Uint8Array(bytes)].map((byte) => String.fromCharCode(byte)).join(''), failure);
    return { status, statusText, type, url: address, redirected, headers: Object.fromEntries(headers), body };
  };
  const ask = async (name: string, path: string, init: RequestInit & { duplex?: 'half' }) => {
    seen[name] = await fetch(url(path, name), { method: 'POST', ...init }).then(answered, failure);
  };

  const form = new FormData();
  form.append('field', 'a\r\nb');
  form.append('file', new File(['content'], 'ファイル".txt', { type: 'text/plain' }));
  const bodies: Record<string, BodyInit | null> = {
    text: 'text ä',
    none: null,
    'empty text': '',
    'search parameters': new URLSearchParams({ a: 'b c' }),
    form,
    blob: new Blob(['blob'], { type: 'application/x-own' }),
    'untyped blob': new Blob(['blob']),
    'empty blob': new Blob([]),
    bytes: new Uint8Array([0, 255, 128]).buffer,
    view: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  };
  for (const [name, body] of Object.entries(bodies)) await ask(`body ${name}`, 'echo', { body });
  await ask('body stream', 'echo', {
    duplex: 'half',
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('stream'));
        controller.close();
      },
    }),
  });
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    for (const [name, body] of [['text', 'text'], ['no body', null], ['empty', '']] as const) await ask(`${method} ${name}`, 'echo', { method, body });
  }
  await ask('GET', 'echo', { method: 'GET', headers: { 'X-Own': 'own' } });
  await ask('HEAD', 'echo', { method: 'HEAD' });

  const options: Record<string, RequestInit> = {
    'own headers': { headers: { 'X-Own-Header': 'Own', SOAPAction: '"urn:x"', Accept: 'text/x' } },
    'content type': { headers: { 'Content-Type': 'application/vnd.own+json' } },
    'no credentials': { credentials: 'omit' },
    'all credentials': { credentials: 'include' },
    'same-origin': { mode: 'same-origin' },
    'no-cors': { mode: 'no-cors' },
    'no-store': { cache: 'no-store' },
    reload: { cache: 'reload' },
    'no referrer': { referrer: '' },
    'no-referrer policy': { referrerPolicy: 'no-referrer' },
    'own referrer': { referrer: '/elsewhere' },
    integrity: { integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
  };
  for (const [name, init] of Object.entries(options)) await ask(`option ${name}`, 'echo', { body: 'x', ...init });

  for (const status of [200, 201, 202, 204, 205, 206, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 423, 425, 429, 451, 500, 501, 502, 503, 504, 505, 507, 521]) {
    await ask(`status ${status}`, `status/${status}`, { body: 'x' });
  }
  for (const path of ['headers', 'bytes', 'short']) await ask(`answer ${path}`, path, { body: 'x' });

  for (const status of [301, 302, 303, 307, 308]) {
    for (const to of ['near', 'afar', 'shut']) await ask(`redirect ${status} ${to}`, `redirect/${status}/${to}`, { body: 'x' });
    await ask(`redirect ${status} of a PUT`, `redirect/${status}/near`, { method: 'PUT', body: 'x' });
  }
  for (const redirect of ['error', 'manual'] as const) await ask(`redirect ${redirect}`, 'redirect/307/near', { body: 'x', redirect });

  {
    const name = 'stream of an answer';
    const response = await fetch(url('stream', name), { method: 'POST', body: 'x' });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const parts: string[] = [];
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      if (part.value !== 'end') await tell('next', `${name} ${part.value}`);
    }
    seen[name] = { parts };
  }

  const abort = async (name: string, path: string, when: (controller: AbortController, response: Promise<Response>, end: Promise<Seen>) => Promise<void> | void) => {
    const controller = new AbortController();
    const response = fetch(url(path, name), { method: 'POST', body: 'x', signal: controller.signal });
    const end = response.then(answered, failure);
    await when(controller, response, end);
    seen[name] = await end;
  };
  await abort('abort at once', 'echo', (controller) => controller.abort());
  await abort('abort on the way', 'hang', async (controller) => {
    await tell('arrived', 'abort on the way');
    controller.abort();
  });
  await abort('abort of an answer', 'stream', async (controller, response) => {
    await response;
    controller.abort();
  });
  await abort('abort after the answer', 'echo', async (controller, _response, end) => {
    await end;
    controller.abort();
  });
  seen['abort before'] = await fetch(url('echo', 'abort before'), { method: 'POST', body: 'x', signal: AbortSignal.abort() }).then(answered, failure);

  const xhr = (name: string, path: string, set: (request: XMLHttpRequest) => void = () => {}) =>
    new Promise<void>((resolve) => {
      const request = new XMLHttpRequest();
      const events: string[] = [];
      const note = (event: string) => events.at(-1) !== event && events.push(event);
      for (const type of ['loadstart', 'progress', 'load', 'loadend', 'abort', 'error', 'timeout'] as const) {
        request.addEventListener(type, () => note(type));
        request.upload.addEventListener(type, () => note(`upload ${type}`));
      }
      request.addEventListener('readystatechange', () => note(`state ${request.readyState}`));
      request.addEventListener('loadend', () => {
        const { status, statusText, responseText, responseURL } = request;
        seen[name] = { events, status, statusText, body: responseText, url: responseURL, headers: request.getAllResponseHeaders() };
        resolve();
      });
      request.open('POST', url(path, name));
      set(request);
      request.send('x'.repeat(1000));
    });
  await xhr('XHR', 'echo');
  await xhr('XHR 422', 'status/422');
  await xhr('XHR 500', 'status/500');
  await xhr('XHR redirect', 'redirect/307/near');
  await xhr('XHR timeout', 'hang', (request) => (request.timeout = 50));
  await xhr('XHR abort', 'hang', (request) => void tell('arrived', 'XHR abort').then(() => request.abort()));

  navigator.sendBeacon(url('echo', 'beacon'), 'x');
  await tell('arrived', 'beacon');

  // The last ones, as a connection that breaks says something of the whole server.
  await ask('answer reset', 'reset', { body: 'x' });
  await xhr('XHR reset', 'reset');
  return seen;
}
