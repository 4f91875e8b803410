import 'reflect-metadata';
import { registerOnManagementPort, runService, startService } from '@fourfold/observability';

await runService(async () => {
  // Imported here, so that a configuration error is reported like any other failed start.
  const { config } = await import('./worker.config.js');
  const { WorkerModule } = await import('./worker.module.js');
  const { QUEUE_BOARD_PATH, queueBoard } = await import('./queue-board/queue.board.js');
  const { QueueViews } = await import('@fourfold/queue');
  const { TokenVerifier } = await import('@fourfold/auth');
  await startService(WorkerModule, {
    host: config.HOST,
    managementPort: config.MANAGEMENT_PORT,
    configure: (app) =>
      registerOnManagementPort(
        app.getHttpAdapter().getInstance(),
        QUEUE_BOARD_PATH,
        queueBoard(app.get(QueueViews), app.get(TokenVerifier)),
      ),
  });
});
