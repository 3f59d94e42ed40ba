import Uppy from '@uppy/core';
import XHRUpload from '@uppy/xhr-upload';
import { API, bearer } from './page.js';

export async function write(token?: string): Promise<unknown> {
  const uppy = new Uppy();
  uppy.use(XHRUpload, { endpoint: `${API}/upload`, headers: bearer(token), timeout: 5_000 });
  uppy.addFile({ name: 'a file', type: 'text/plain', data: new Blob(['a note']) });
  const { successful = [], failed = [] } = (await uppy.upload()) ?? {};
  if (failed.length > 0) throw new Error(String(failed[0]!.error));
  return successful.length;
}
