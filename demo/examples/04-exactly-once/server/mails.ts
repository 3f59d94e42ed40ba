import type { Pool, PoolClient } from 'pg';

export interface Mail {
  id: string;
  text: string;
}

/** Notes down a mail in the transaction of the write that it speaks of: without the write there's no mail, and no write without it. */
export const owe = (tx: PoolClient, text: string) => tx.query('insert into mails (text) values ($1)', [text]);

/**
 * Sends a mail that's owed, and takes it off the table when the provider has it. A process that dies in between sends it again,
 * under the same id: that's the provider's idempotency key, or the mail's `Message-ID`.
 *
 * @returns false when none is owed
 */
export async function sendNext(pool: Pool, send: (mail: Mail) => Promise<void>): Promise<boolean> {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    // Other processes skip what this one is sending.
    const { rows } = await tx.query<Mail>('select id, text from mails limit 1 for update skip locked');
    const [mail] = rows;
    if (mail) {
      await send(mail);
      await tx.query('delete from mails where id = $1', [mail.id]);
    }
    await tx.query('commit');
    return mail !== undefined;
  } catch (error) {
    await tx.query('rollback').catch(() => {});
    throw error;
  } finally {
    tx.release();
  }
}
