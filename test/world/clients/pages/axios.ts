import axios from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';
import { API, bearer } from './page.js';

export async function write(token?: string): Promise<unknown> {
  const api = axios.create({ baseURL: API, headers: bearer(token) });
  createAuthRefresh(api, async () => {
    await axios.post(`${API}/auth/refresh`);
  });
  return (await api.post<unknown>('/notes', { title: 'a note' })).data;
}
