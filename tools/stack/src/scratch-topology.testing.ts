import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { databaseUrl } from './app-environment.js';
import { freePorts } from './port-check.js';
import { removeTopology } from './private-topology.js';
import type { AccountName } from './secrets.js';
import { engineFrom, type StackOptions } from './stack-options.js';
import { Stack } from './stack.js';
import { portNames, type PortName } from './topology-ports.js';

/** A topology of a test's own, apart from the one that other tests share: this one is stopped and broken at will. */
export class ScratchTopology {
  private constructor(
    readonly options: StackOptions,
    readonly stack: Stack,
    readonly lines: string[],
  ) {}

  static async create(): Promise<ScratchTopology> {
    const free = await freePorts(portNames.length);
    const options: StackOptions = {
      repoRoot: fileURLToPath(new URL('../../..', import.meta.url)),
      stateDir: mkdtempSync(join(tmpdir(), 'fourfold-stack-')),
      ports: Object.fromEntries(portNames.map((name, index) => [name, free[index]])) as Record<
        PortName,
        number
      >,
      engine: engineFrom(process.env),
      prometheus: true,
      traces: true,
    };
    const lines: string[] = [];
    return new ScratchTopology(options, new Stack(options, (line) => lines.push(line)), lines);
  }

  async remove(): Promise<void> {
    await removeTopology(this.options);
  }

  node(name: string) {
    const found = this.stack.status().find((node) => node.name === name);
    if (found === undefined) throw new Error(`status has no ${name}`);
    return found;
  }

  /** One statement as `account` on a database server; its rows. */
  async query(node: PortName, account: AccountName, statement: string): Promise<RowDataPacket[]> {
    const connection = await createConnection({ uri: databaseUrl(this.options, node, account) });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(statement);
      return rows;
    } finally {
      await connection.end();
    }
  }
}
