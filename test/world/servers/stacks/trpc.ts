// @trpc/server and @trpc/client 11.25.2: https://trpc.io/docs/server/authorization and https://trpc.io/docs/client/links
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, type TRPCLink } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPHandler, type CreateHTTPContextOptions } from '@trpc/server/adapters/standalone';
import jwt from 'jsonwebtoken';
import type { Stack, Write } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

const createContext = ({ req }: CreateHTTPContextOptions) => {
  try {
    return { user: jwt.verify(req.headers.authorization?.split(' ')[1] ?? '', SECRET).sub };
  } catch {
    return { user: undefined };
  }
};

function routerOf(act: (text: string) => void) {
  const t = initTRPC.context<typeof createContext>().create();
  const text = (input: unknown) => {
    if (typeof input !== 'string') throw new TypeError('a text is wanted');
    return input;
  };
  const protectedProcedure = t.procedure.use(({ ctx, next }) => {
    if (ctx.user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next({ ctx: { user: ctx.user } });
  });
  return t.router({
    add: protectedProcedure.input(text).mutation(({ input }) => act(input)),
    /** Needs no token, so it succeeds beside a refused `add` of the same batch. */
    log: t.procedure.input(text).mutation(({ input }) => act(input)),
  });
}

type Router = ReturnType<typeof routerOf>;
type Fetch = NonNullable<Parameters<typeof httpLink<Router>>[0]['fetch']>;
type Link = (options: { url: string; fetch: Fetch }) => TRPCLink<Router>;
type Client = ReturnType<typeof createTRPCClient<Router>>;

/** The one request that the client sends for the calls. */
async function requestOf(link: Link, calls: (client: Client) => Promise<unknown>): Promise<Write> {
  let write: Write | undefined;
  const fetch: Fetch = async (input, init) => {
    const { pathname, search } = new URL(input as string);
    write = { path: pathname + search, body: init?.body as string, headers: Object.fromEntries(new Headers(init?.headers)) };
    throw new Error('written down, and not sent');
  };
  await calls(createTRPCClient<Router>({ links: [link({ url: 'http://localhost/api/trpc', fetch })] })).catch(() => {});
  return write!;
}

const by = (link: Link): Stack & { writeBoth(text: string): Promise<Write> } => ({
  ...BY_SECRET,
  listener: (act) => createHTTPHandler({ router: routerOf(act), createContext, basePath: '/api/trpc/' }),
  write: (text) => requestOf(link, (client) => client.add.mutate(text)),
  /** A batch of `log` and `add`. */
  writeBoth: (text) => requestOf(link, (client) => Promise.all([client.log.mutate(`log ${text}`), client.add.mutate(text)])),
});

export const byHttpLink = by(httpLink);
export const byHttpBatchLink = by(httpBatchLink);
export const byHttpBatchStreamLink = by(httpBatchStreamLink);
