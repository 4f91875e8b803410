import { CreateOrderEvents1764600000600 } from './migrations/create-order-events.migration.js';

export { analyticsEnv } from './analytics.env.js';
export { AnalyticsModule, type AnalyticsOptions, FunnelModule } from './analytics.module.js';
export { FunnelReader, type FunnelHour } from './funnel.reader.js';
export { funnelQuery, type FunnelRange } from './funnel.schema.js';
export { OrderEventLog } from './order-event.log.js';

/** Migrations of the main cluster that this library needs. */
export const analyticsMigrations = [CreateOrderEvents1764600000600];
