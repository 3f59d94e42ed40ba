export { connect, type ConnectOptions } from './connect.js';
export { SyncClient, UnknownEntryError, type SyncEventTarget, type SyncListener } from './sync-client.js';
export { workerEndpoint, type EndpointOptions } from './worker-endpoint.js';
export { addLanguage, describeEvent } from './describe-event.js';
export type { Reason, Say, Words } from './words/words.js';
export { fetchToken, TokenRefreshError, type FetchTokenOptions } from './fetch-token.js';
export type { GetToken, TokenRequest } from './token-source.js';
export type * from '../sw/protocol/api.js';
export type * from '../sw/protocol/events.js';
