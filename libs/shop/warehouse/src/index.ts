export {
  type QueryResult,
  type ResultValue,
  WarehouseReader,
  type WarehouseStatus,
} from './reading/warehouse.reader.js';
export type { SourceState } from './store/warehouse.store.js';
export { type TableName, tableNames } from './store/warehouse.tables.js';
export { type SyncOptions, type SyncOutcome, SyncWarehouse } from './sync/sync-warehouse.command.js';
export { type OnStep, type SyncStep, syncSteps } from './sync/sync.steps.js';
export {
  WarehouseBusyError,
  WarehousePrivilegeError,
  WarehouseQueryError,
  WarehouseUnusableError,
} from './warehouse.errors.js';
export { WarehouseModule } from './warehouse.module.js';
export { warehouseEnv, warehouseOptionsOf } from './warehouse.env.js';
export { type WarehouseOptions, type WarehouseSettings, warehouseSettings } from './warehouse.options.js';
