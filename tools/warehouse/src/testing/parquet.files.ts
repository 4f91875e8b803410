import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '@fourfold/object-storage';
import { parquetReadObjects } from 'hyparquet';
import type { TableName } from '@shop/warehouse';

export type ParquetRow = Readonly<Record<string, unknown>>;

/** All rows of a table's files, read by hyparquet: no part of it is DuckDB's. Each has the day of its folder. */
export async function parquetRows(store: ObjectStore, table: TableName): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for await (const { key } of store.list(`warehouse/${table}/`)) {
    const day = /\/day=(\d{4}-\d\d-\d\d)\//.exec(key)![1];
    const { buffer: bytes, byteOffset, byteLength } = await buffer(await store.read(key));
    const file = bytes.slice(byteOffset, byteOffset + byteLength);
    for (const row of await parquetReadObjects({ file })) rows.push({ ...row, day });
  }
  return rows;
}

/** A file begins and ends with it. */
export async function isParquet(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return bytes.subarray(0, 4).toString() === 'PAR1' && bytes.subarray(-4).toString() === 'PAR1';
}
