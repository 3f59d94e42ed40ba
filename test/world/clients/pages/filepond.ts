import { create } from 'filepond';
import { API, bearer, shows } from './page.js';

const upload = (token: string | undefined, options: object) => {
  shows('<form><input type="file" name="photo"></form>');
  // Its types don't know the one that lets an upload be as quick as it is.
  const settings: object = { server: { url: API, process: { url: '/upload', headers: { 'Holdfast-Mode': 'wait', ...bearer(token) } }, patch: '/upload/', revert: null }, allowRevert: false, allowMinimumUploadDuration: false, ...options };
  const pond = create(document.querySelector('input')!, settings);
  return new Promise<unknown>((resolve, reject) => {
    pond.on('processfile', (error, file) => (error ? reject(new Error(String(error.body))) : resolve(file.serverId)));
    void pond.addFile(new File([new Uint8Array(250)], 'a file'));
  });
};

export const write = (token?: string): Promise<unknown> => upload(token, { instantUpload: true });

/** Its steps are the library's own, and so are its retries. */
export const chunks = (): Promise<unknown> => upload(undefined, { chunkUploads: true, chunkSize: 100, chunkForce: true, chunkRetryDelays: Array.from({ length: 100 }, () => 50) });
