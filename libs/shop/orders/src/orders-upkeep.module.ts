import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { IdempotencyRetention } from './placing/idempotency.retention.js';

/** The environment variables of the upkeep, to be spread into an app's own schema. */
export const ordersUpkeepEnv = {
  /** How long an Idempotency-Key gets the same answer. The API promises 24 hours. */
  IDEMPOTENCY_KEEP_HOURS: z.coerce.number().int().min(24).default(24),
};

export interface OrdersUpkeepOptions {
  keepIdempotencyKeysSeconds: number;
}

/** For a process that deletes what orders leave behind. */
@Module({})
export class OrdersUpkeepModule {
  static forRoot({ keepIdempotencyKeysSeconds }: OrdersUpkeepOptions): DynamicModule {
    return {
      module: OrdersUpkeepModule,
      providers: [
        {
          provide: IdempotencyRetention,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) =>
            new IdempotencyRetention(dataSource, keepIdempotencyKeysSeconds),
        },
      ],
    };
  }
}
