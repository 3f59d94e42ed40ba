import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Postgres {
  /** Of the database `postgres`. */
  url: string;
  stop(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';

/** Where the system's own Postgres is: on Debian, or on the PATH. Null when there's none. */
export function findPostgres(): string | null {
  const folders = [...versionsOf(DEBIAN).map((version) => `${DEBIAN}/${version}/bin`), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => isProgram(join(folder, 'initdb')) && isProgram(join(folder, 'pg_ctl'))) ?? null;
}

/** Starts a Postgres on a folder of its own, which goes when it stops. It listens on a socket in that folder alone. */
export async function startPostgres(bin: string): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'));
  const files = join(folder, 'files');
  const who = account();
  if (who) await chown(folder, who.uid, who.gid);
  const call = (name: string, args: string[]) => run(join(bin, name), ['-D', files, ...args], { ...who, cwd: folder });
  await call('initdb', ['-U', 'postgres', '-A', 'trust', '--no-sync']);
  const settings = `-c fsync=off -c listen_addresses= -c unix_socket_directories=${folder}`;
  await call('pg_ctl', ['-w', '-l', join(folder, 'log'), '-o', settings, 'start']);
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      await call('pg_ctl', ['-w', '-m', 'immediate', 'stop']);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function versionsOf(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted((a, b) => Number(b) - Number(a));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who runs it, where that isn't us: Postgres refuses root. */
function account(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}
