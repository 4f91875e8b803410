export { openWarehouse, type WarehouseConfig } from './warehouse.context.js';
