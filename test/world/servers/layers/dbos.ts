// @dbos-inc/dbos-sdk 5.3.0, express 5.3.0: https://docs.dbos.dev/typescript/tutorials/workflow-tutorial#workflow-ids-and-idempotency
import { DBOS } from '@dbos-inc/dbos-sdk';
import { app, route, textOf } from './express.js';
import type { Act, Layer } from './layer.js';

let act: Act;
const work = DBOS.registerWorkflow((text: string) => act(text), { name: 'note' });

const silent = { info() {}, warn() {}, error() {}, debug() {} };

export async function open(systemDatabaseUrl: string): Promise<Layer> {
  DBOS.setConfig({ name: 'notes', systemDatabaseUrl, logger: silent });
  await DBOS.launch();
  return {
    listener(given) {
      act = given;
      return app().post(
        '/api/notes',
        route(async (request) => {
          const workflowID = request.get('Idempotency-Key')!;
          const handle = await DBOS.startWorkflow(work, { workflowID })(textOf(request));
          return handle.getResult();
        }),
      );
    },
    async crash() {
      await DBOS.shutdown({ workflowCompletionTimeoutMS: 0 });
      await DBOS.launch();
    },
    close: () => DBOS.shutdown({ workflowCompletionTimeoutMS: 0 }),
  };
}
