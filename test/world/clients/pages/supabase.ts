import { createClient } from '@supabase/supabase-js';
import { API, bearer } from './page.js';

export async function write(token?: string): Promise<unknown> {
  const supabase = createClient(`${API}/supabase`, 'anon', { auth: { persistSession: false, autoRefreshToken: false }, global: { headers: bearer(token) } });
  const { data, error } = await supabase.from('notes').insert({ title: 'a note' }).select().single();
  if (error) throw new Error(error.message);
  return data;
}
