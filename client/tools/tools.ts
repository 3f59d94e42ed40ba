/** The developer's tools, loaded when the first of them is used. */
export { exportHar } from './har.js';
export { print } from './print.js';
export { createTrace } from './trace.js';
export { whyRefused } from './why-refused.js';
