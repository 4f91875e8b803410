/** A table as the warehouse has it. */
export interface WarehouseTable {
  readonly name: TableName;
  /** Columns with their DuckDB types, as Parquet has them too. Each table has `created_at`, which never changes. */
  readonly columns: Readonly<Record<string, string>>;
  readonly key: readonly string[];
}

export const tableNames = ['orders', 'order_items', 'users'] as const;
export type TableName = (typeof tableNames)[number];

/** A row's values in the order of the table's columns, each as the text that the source gave. */
export type TextRow = readonly (string | null)[];

/**
 * Ids are below 2^63: signed ones, since Trino and Spark have no others. Times are in UTC and without a zone. An order's
 * address stays where it is: it is personal, and no sum needs it.
 */
export const warehouseTables: Readonly<Record<TableName, WarehouseTable>> = {
  orders: {
    name: 'orders',
    columns: {
      id: 'BIGINT',
      user_id: 'BIGINT',
      status: 'VARCHAR',
      rejection_reason: 'VARCHAR',
      total_minor: 'BIGINT',
      currency: 'VARCHAR',
      version: 'INTEGER',
      created_at: 'TIMESTAMP',
      updated_at: 'TIMESTAMP',
    },
    key: ['id'],
  },
  order_items: {
    name: 'order_items',
    columns: {
      order_id: 'BIGINT',
      product_id: 'BIGINT',
      line: 'INTEGER',
      quantity: 'INTEGER',
      unit_price_minor: 'BIGINT',
      /** Of its order. */
      created_at: 'TIMESTAMP',
    },
    key: ['order_id', 'product_id'],
  },
  users: {
    name: 'users',
    columns: {
      id: 'BIGINT',
      name: 'VARCHAR',
      email: 'VARCHAR',
      version: 'INTEGER',
      created_at: 'TIMESTAMP',
      updated_at: 'TIMESTAMP',
    },
    key: ['id'],
  },
};

/** The temporary table that a batch is put into as text. */
export const stagingOf = ({ name }: WarehouseTable): string => `staged_${name}`;

export const createTable = ({ name, columns, key }: WarehouseTable): string => {
  const definitions = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${name} (${definitions.join(', ')}, PRIMARY KEY (${key.join(', ')}))`;
};

export const createStaging = (table: WarehouseTable): string =>
  `CREATE TEMP TABLE ${stagingOf(table)} (${Object.keys(table.columns)
    .map((column) => `${column} VARCHAR`)
    .join(', ')})`;

/** A row of the batch takes the place of the one with its key: a batch that is applied twice changes nothing more. */
export const upsert = (table: WarehouseTable): string => {
  const columns = Object.entries(table.columns);
  const changed = columns.map(([column]) => column).filter((column) => !table.key.includes(column));
  return `
    INSERT INTO ${table.name} SELECT ${columns.map(([column, type]) => `CAST(${column} AS ${type})`).join(', ')}
    FROM ${stagingOf(table)}
    ON CONFLICT (${table.key.join(', ')})
    DO UPDATE SET ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}
  `;
};

/** Days whose Parquet file is not what the table has. */
export const markDays = (table: WarehouseTable): string => `
  INSERT OR IGNORE INTO sync.changed_days
  SELECT DISTINCT '${table.name}', CAST(CAST(created_at AS TIMESTAMP) AS DATE) FROM ${stagingOf(table)}
`;
