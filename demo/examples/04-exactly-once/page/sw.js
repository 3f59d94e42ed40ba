importScripts('/holdfast-sw.js');
// Written ahead: a note is on disk before it's sent, so that no death of worker, tab or browser loses it.
holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
