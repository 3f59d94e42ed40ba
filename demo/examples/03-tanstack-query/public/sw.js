importScripts('/holdfast-sw.js');
holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api' }] });
