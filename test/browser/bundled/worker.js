import { install } from 'holdfast/sw';

install({ takeOver: true, backends: [{ baseUrl: '/api' }] });
