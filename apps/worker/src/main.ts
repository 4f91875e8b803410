import 'reflect-metadata';
import { httpDeadlinesOf, runService, startService, startTracing } from '@fourfold/observability';

await runService(async () => {
  // Imported here, so that a configuration error is reported like any other failed start.
  const { config } = await import('./worker.config.js');
  await startTracing('worker', config);
  const { WorkerModule } = await import('./worker.module.js');
  const { publishQueueBoard } = await import('./queue-board/queue.board.js');
  await startService(WorkerModule, {
    host: config.HOST,
    managementPort: config.MANAGEMENT_PORT,
    managementHost: config.MANAGEMENT_HOST,
    http: httpDeadlinesOf(config),
    configure: publishQueueBoard,
  });
});
