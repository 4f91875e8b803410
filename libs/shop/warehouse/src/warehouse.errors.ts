import { appError } from '@fourfold/kernel';

/** Another sync is under way, or another process has the file open. */
export class WarehouseBusyError extends appError('warehouse-busy', 503, 'Warehouse in use') {}

/** The folder or the file can't be used as it is. */
export class WarehouseUnusableError extends appError('warehouse-unusable', 500, 'Warehouse unusable') {}

/** A server does not let the account see open transactions: what may be read without missing anything is not known. */
export class WarehousePrivilegeError extends appError(
  'warehouse-privilege-missing',
  500,
  'Privilege missing for the warehouse',
) {}

/** A statement that writes, reads files, or is none. */
export class WarehouseQueryError extends appError('warehouse-query-refused', 400, 'Query refused') {}
