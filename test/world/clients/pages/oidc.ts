import { User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { API } from './page.js';

const manager = new UserManager({
  authority: `${API}/oidc`,
  client_id: 'app',
  redirect_uri: location.href,
  userStore: new WebStorageStateStore({ store: localStorage }),
  metadata: { issuer: `${API}/oidc`, token_endpoint: `${API}/oidc/token`, authorization_endpoint: `${API}/oidc/authorize` },
});

export const prepare = (): Promise<void> =>
  manager.storeUser(new User({ access_token: 'at0', refresh_token: 'r0', token_type: 'Bearer', profile: { sub: 'ann', iss: `${API}/oidc`, aud: 'app', exp: 0, iat: 0 }, expires_at: 1_700_000_000 }));
export const write = async (): Promise<unknown> => (await manager.signinSilent())?.access_token;
export const goOn = write;
export const signedIn = async (): Promise<boolean> => /^at\d$/.test((await manager.getUser())?.access_token ?? '');
