import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { OrdersSource } from './changes/orders.source.js';
import { UsersSweep } from './changes/users.sweep.js';
import { WarehouseReader } from './reading/warehouse.reader.js';
import { DayFiles } from './sync/day.files.js';
import { SyncWarehouse } from './sync/sync-warehouse.command.js';
import { WarehouseMetrics } from './warehouse.metrics.js';
import { WAREHOUSE_OPTIONS, type WarehouseOptions, warehouseSettings } from './warehouse.options.js';

/**
 * The warehouse of this process: `SyncWarehouse` and `WarehouseReader`. Needs a `DataSource`, `ShardUpkeep` and `ObjectStore`
 * in global modules. One process of a platform has it, on the machine with the folder.
 */
@Module({})
export class WarehouseModule implements OnApplicationBootstrap {
  constructor(
    private readonly reader: WarehouseReader,
    private readonly metrics: WarehouseMetrics,
  ) {}

  /** @throws ConfigurationError */
  static forRoot(options: WarehouseOptions): DynamicModule {
    return {
      module: WarehouseModule,
      providers: [
        { provide: WAREHOUSE_OPTIONS, useFactory: () => warehouseSettings(options) },
        OrdersSource,
        UsersSweep,
        DayFiles,
        SyncWarehouse,
        WarehouseReader,
        WarehouseMetrics,
      ],
      exports: [SyncWarehouse, WarehouseReader],
    };
  }

  /** So that how far behind it is is known before the first sync of this process. */
  async onApplicationBootstrap(): Promise<void> {
    this.metrics.show(await this.reader.states());
  }
}
