import PocketBase from 'pocketbase';
import { API, bearer } from './page.js';

const pb = () => new PocketBase(`${API}/pb`);

export const write = (token?: string): Promise<unknown> =>
  pb().collection('notes').create({ title: 'a note', photo: new File(['p'], 'p.png') }, { headers: bearer(token) });
