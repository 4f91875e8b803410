import { Injectable, Logger } from '@nestjs/common';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { warehouseSyncQueue } from '@shop/contracts';
import { SyncWarehouse, WarehouseBusyError } from '@shop/warehouse';

@Injectable()
@ProcessorFor(warehouseSyncQueue)
export class WarehouseSyncProcessor implements JobProcessor {
  private readonly logger = new Logger(WarehouseSyncProcessor.name);

  constructor(private readonly syncWarehouse: SyncWarehouse) {}

  /**
   * A sync that is told to stop has done a part, and one that finds another under way has nothing to do: neither is a
   * failure, and the next tick goes on from there.
   */
  async handle(_payload: object, context: JobContext): Promise<void> {
    try {
      await this.sync(context);
    } catch (error) {
      if (!(error instanceof WarehouseBusyError)) throw error;
      this.logger.warn(`The sync of the warehouse was left out: ${error.message}`);
    }
  }

  private async sync(context: JobContext): Promise<void> {
    let shown = Promise.resolve();
    const outcome = await this.syncWarehouse.execute({
      signal: context.signal,
      // A figure that is late is no reason to fail.
      onProgress: ({ rows, files }) => {
        shown = shown.then(() => context.progress({ ...rows, files })).catch(() => undefined);
      },
    });
    await shown;
    this.logger.log(
      { ...outcome },
      outcome.complete ? 'The warehouse is up to date' : 'The sync stopped before its end',
    );
  }
}
