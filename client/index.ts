export { connect, type ConnectOptions } from './connect.js';
export type { SyncEventTarget, SyncListener } from './event-target.js';
export { UnknownEntryError, type Settled } from './settled.js';
export { SyncClient } from './sync-client.js';
export { isKept, type Kept } from './kept.js';
export type { OutboxSnapshot } from './outbox/snapshot.js';
export type { OutboxStore } from './outbox/store.js';
export { workerEndpoint, type EndpointOptions } from './worker-endpoint.js';
export { addLanguage, describeEvent } from './describe-event.js';
export { describeStatus, type Standing } from './describe-status.js';
export type { Waits } from './words/waits.js';
export type { Reason, Say, Words } from './words/words.js';
export { fetchToken, TokenRefreshError, type FetchTokenOptions } from './fetch-token.js';
export { RegistrationError } from './errors.js';
export { AmbiguousReferenceError, ConfigError } from '../sw/policy/errors.js';
export { AuthRejectedError, StreamError } from './stream/errors.js';
export type { ObserveOptions } from './stream/options.js';
export type { StreamEvent, StreamState } from './stream/events.js';
export type { GetCsrfToken, GetToken, RenewSession, SessionRequest, TokenRequest } from './ask-token.js';
export type { Har, HarEntry, HarHeader, HarPostData, HarRequest, HarResponse } from './tools/har-types.js';
export type {
  Attempt,
  BackendStatus,
  BodyRange,
  CsrfGiven,
  Configuration,
  EntryBody,
  EntryFilter,
  EntryInfo,
  EntryPatch,
  KeyOptions,
  EntryState,
  HoldInfo,
  LastAnswer,
  Reference,
  SessionTarget,
  Settlement,
  SignOutOptions,
  StorageStatus,
  SyncApi,
  SyncStatus,
  TokenResult,
  TokenTarget,
  WakeReason,
} from '../sw/protocol/api.js';
export type {
  AuthRequiredEvent,
  CancelledEvent,
  DeadReason,
  DeliveredEvent,
  FailedEvent,
  HeldEvent,
  HoldReason,
  OfflineEvent,
  OnlineEvent,
  OutboxFullEvent,
  ParkedEvent,
  PausedEvent,
  QueuedEvent,
  ReleasedEvent,
  ResolvedEvent,
  ResumedEvent,
  RetryingEvent,
  SendingEvent,
  StorageFailedEvent,
  SyncEvent,
  SyncEventType,
  WaitReason,
} from '../sw/protocol/events.js';
