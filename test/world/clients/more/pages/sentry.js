import * as Sentry from '@sentry/browser';

export async function write() {
  Sentry.init({ dsn: `${location.protocol}//key@${location.host}/1`, tunnel: '/api/tunnel', defaultIntegrations: false, sendClientReports: false });
  Sentry.captureException(new Error('a fault'));
  return Sentry.flush(5_000);
}
