import { Upload } from 'tus-js-client';
import { API } from './page.js';

const BYTES = new File([new Uint8Array(300)], 'a file');

/** An upload of three steps, whose retries are the library's own. */
export const write = (): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const upload = new Upload(BYTES, {
      endpoint: `${API}/uploads`,
      chunkSize: 100,
      retryDelays: Array.from({ length: 100 }, () => 50),
      onShouldRetry: () => true,
      storeFingerprintForResuming: false,
      onSuccess: () => resolve('uploaded'),
      onError: reject,
    });
    upload.start();
  });
