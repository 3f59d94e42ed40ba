import PocketBase from 'pocketbase';
import { API, lapsed } from './page.js';

const pb = new PocketBase(`${API}/pb`);

export const prepare = (): void => pb.authStore.save(lapsed(), { id: 'ann', collectionId: 'users', collectionName: 'users' });
export const write = (): Promise<unknown> => pb.collection('users').authRefresh();
export const goOn = write;
export const signedIn = (): boolean => pb.authStore.token !== '' && pb.authStore.record?.id === 'ann';
