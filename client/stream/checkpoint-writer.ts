export interface CheckpointWriter {
  /** The stream has got so far. Costs nothing while a write is under way: the newest id is what's written next. */
  note(id: string): void;
  /** Resolves when the newest id is on disk. Rejects when one couldn't be written; none is written after that. */
  written(): Promise<void>;
}

/**
 * Writes a stream's progress, one call at a time, and leaves out what is outdated by then: a write for
 * each event would make the stream as slow as the disk.
 *
 * @param failed hears at once of a write that failed
 */
export function checkpointWriter(save: (id: string) => Promise<void>, failed: (error: unknown) => void): CheckpointWriter {
  let newest: string | null = null;
  let isWriting = false;
  let writing = Promise.resolve();

  async function write(): Promise<void> {
    while (newest !== null) {
      const id = newest;
      newest = null;
      await save(id);
    }
    // Not after a failure: nothing is to be written any more.
    isWriting = false;
  }

  return {
    note(id) {
      newest = id;
      if (isWriting) return;
      isWriting = true;
      writing = write();
      writing.catch(failed);
    },
    written: () => writing,
  };
}
