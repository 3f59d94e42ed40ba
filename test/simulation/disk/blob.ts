import type { Agenda } from '../agenda.js';
import type { Chances } from '../chance.js';

/**
 * A Blob whose bytes come in a turn of the process that asks for them. Those of Node come after some rounds of its own
 * loop, and so in nobody's turn.
 */
export class SimulatedBlob extends Blob {
  constructor(
    readonly agenda: Agenda,
    readonly chances: Chances,
    /** Nobody changes them. */
    readonly content: Uint8Array<ArrayBuffer>,
    type: string,
  ) {
    super([content], { type });
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await this.agenda.wait(this.chances.step('blob'), this.agenda.current);
    return this.content.slice().buffer;
  }

  /** As a request's body it's read by the network, not by the worker. */
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { content } = this;
    return new ReadableStream({
      start(controller) {
        controller.enqueue(content.slice());
        controller.close();
      },
    });
  }

  override slice(start = 0, end = this.size, type = ''): SimulatedBlob {
    return new SimulatedBlob(this.agenda, this.chances, this.content.slice(start, end), type);
  }
}
