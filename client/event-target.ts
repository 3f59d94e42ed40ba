import type { ChangeNote, SyncEvent, SyncEventType } from '../sw/protocol/events.js';

/** A listener of one kind of event; `detail` is the event. */
export type SyncListener<Type extends SyncEventType = SyncEventType> = (
  event: CustomEvent<Extract<SyncEvent, { type: Type }>>,
) => void;

/** An EventTarget whose listeners know their events: each by its own name, and all of them by `event`. */
export interface SyncEventTarget extends Omit<EventTarget, 'addEventListener'> {
  addEventListener<Type extends SyncEventType>(
    type: Type,
    listener: SyncListener<Type> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(type: 'event', listener: SyncListener | null, options?: AddEventListenerOptions | boolean): void;
  /** An entry was edited or discarded, in whatever tab, or refused again behind a closed gate: no event of the journal, but a view looks again. `detail` names it; null: it may be any. */
  addEventListener(type: 'changed', listener: ((event: CustomEvent<ChangeNote | null>) => void) | null, options?: AddEventListenerOptions | boolean): void;
}

export const TypedEventTarget = EventTarget as unknown as new () => SyncEventTarget;
