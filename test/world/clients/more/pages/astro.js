import { actions } from '../node_modules/astro/dist/actions/runtime/virtual.js';

/** The client's half of `astro:actions`. */
export async function write() {
  const { data, error } = await actions.add({ title: 'a note' });
  if (error) throw error;
  return data;
}
