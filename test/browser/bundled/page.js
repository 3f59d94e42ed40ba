import { connect } from 'holdfast';

window.sync = await connect({ worker: '/app-worker.js', type: 'module' });
