import { createClient } from '@supabase/supabase-js';
import { API, lapsed } from './page.js';

/** The app is opened with a session whose access token is over. */
export async function write(): Promise<unknown> {
  const session = { access_token: lapsed(), refresh_token: 'r0', token_type: 'bearer', expires_in: 3600, expires_at: 1_700_000_000, user: { id: 'ann' } };
  localStorage.setItem('session', JSON.stringify(session));
  const supabase = createClient(`${API}/supabase`, 'anon', { auth: { storageKey: 'session', autoRefreshToken: false, detectSessionInUrl: false } });
  const { data } = await supabase.auth.getSession();
  return data.session?.refresh_token;
}

export const signedIn = (): boolean => /"refresh_token":"r\d"/.test(localStorage.getItem('session') ?? '');
