importScripts('/holdfast-sw.js');

holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api', coalesce: true, etags: 'follow', onConflict: holdfast.mergeJson }] });
