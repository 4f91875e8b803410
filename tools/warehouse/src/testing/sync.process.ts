import 'reflect-metadata';
import { SyncWarehouse, type SyncStep } from '@shop/warehouse';
import { openWarehouse, type WarehouseConfig } from '../warehouse.context.js';

export interface SyncProcessOptions {
  readonly config: WarehouseConfig;
}

export type SyncReport =
  { readonly told: 'ready' } | { readonly told: 'reached' } | { readonly told: 'finished' };

const tell = (report: SyncReport) => process.send!(report);

/** Says that it is ready, syncs when it is told a step, and stands still for good where it has come to that step. */
export async function run(text: string): Promise<void> {
  const { config } = JSON.parse(text) as SyncProcessOptions;
  const app = await openWarehouse(config);
  process.once('disconnect', () => process.exit(1));
  process.on('message', ({ stopAt }: { stopAt: SyncStep }) => {
    const onStep = async (step: SyncStep): Promise<void> => {
      if (step !== stopAt) return;
      tell({ told: 'reached' });
      await new Promise<never>(() => {});
    };
    void app
      .get(SyncWarehouse)
      .execute({ onStep })
      .then(() => tell({ told: 'finished' }));
  });
  tell({ told: 'ready' });
}
