import { connect } from 'holdfast';

window.sync = await connect({ worker: '/worker.js', type: 'module' });
