/** Starts the demo: `node demo/main.mjs`. Node 20 runs no TypeScript, so vite loads the server. */
import { runnerImport } from 'vite';

const root = import.meta.dirname;
const { module } = await runnerImport(`${root}/server/index.ts`, { root, configFile: false, logLevel: 'error' });
const asked = process.env.PORT;
const demo = await module.startDemo(asked ? { port: Number(asked) } : {});
console.log(`Holdfast demo: ${demo.url}`);

const end = () => void demo.close().then(() => process.exit(0));
process.once('SIGINT', end);
process.once('SIGTERM', end);
