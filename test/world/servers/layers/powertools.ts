// @aws-lambda-powertools/idempotency 2.35.0: https://docs.aws.amazon.com/powertools/typescript/latest/features/idempotency/
// with its cache layer over a client in memory, and a front that makes a 502 of what the function throws, as an API gateway does.
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { text as readText } from 'node:stream/consumers';
import { bodyOf, type Layer } from './layer.js';

interface ProxyEvent {
  headers: Record<string, unknown>;
  body: string;
}

interface ProxyResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** What the layer asks of Redis or Valkey. */
function cache() {
  const records = new Map<string, string>();
  return {
    get: async (name: string) => records.get(name) ?? null,
    async set(name: string | Uint8Array, value: unknown, options?: unknown) {
      if ((options as { NX?: boolean }).NX && records.has(String(name))) return null;
      records.set(String(name), String(value));
      return 'OK';
    },
    del: async (names: string[]) => names.filter((name) => records.delete(name)).length,
  };
}

export const open = (): Layer => {
  const client = cache();
  return {
    listener(act) {
      const config = new IdempotencyConfig({ eventKeyJmesPath: 'headers."idempotency-key"', throwOnNoIdempotencyKey: true });
      const handler = makeIdempotent(
        async ({ body }: ProxyEvent): Promise<ProxyResult> => {
          const { status, headers = {} } = await act((JSON.parse(body) as { text: string }).text);
          return { statusCode: status, headers, body: JSON.stringify(bodyOf(status)) };
        },
        { persistenceStore: new CachePersistenceLayer({ client }), config, keyPrefix: 'notes' },
      );
      return async (request, response) => {
        // Only a Lambda has a context that says how long it may run.
        config.registerLambdaContext({ getRemainingTimeInMillis: () => 30_000 } as never);
        const event = { headers: request.headers, body: await readText(request) };
        const { statusCode, headers, body } = await handler(event).catch(() => ({ statusCode: 502, headers: {}, body: '' }));
        response.writeHead(statusCode, { 'Content-Type': 'application/json', ...headers }).end(body);
      };
    },
  };
};
