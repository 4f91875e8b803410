import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FunnelReader } from './funnel.reader.js';
import { OrderEventLog } from './order-event.log.js';
import { OrderEventsRetention } from './order-events.retention.js';

export interface AnalyticsOptions {
  keepEventsSeconds: number;
}

/** For a process that writes the log and deletes what is old in it. Needs a `DataSource` in a global module. */
@Module({})
export class AnalyticsModule {
  static forRoot({ keepEventsSeconds }: AnalyticsOptions): DynamicModule {
    return {
      module: AnalyticsModule,
      providers: [
        OrderEventLog,
        {
          provide: OrderEventsRetention,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => new OrderEventsRetention(dataSource, keepEventsSeconds),
        },
      ],
      exports: [OrderEventLog],
    };
  }
}

/** For a process that shows the funnel. Needs a `DataSource` in a global module. */
@Module({ providers: [FunnelReader], exports: [FunnelReader] })
export class FunnelModule {}
