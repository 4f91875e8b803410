import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstOrderCommands } from './first-order.js';

/** A stand-in for curl that shows what it was called with. */
const echoingCurl =
  '#!/bin/sh\nfor argument in "$@"; do echo "[$argument]"; done\necho \'{"id":"77","items":[]}\'\n';

describe('the commands for the first order', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fourfold-o'order-"));
    writeFileSync(join(folder, 'curl'), echoingCurl, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('say to a shell exactly what is meant, and the second one finds the order of the first', () => {
    const commands = firstOrderCommands({
      baseUrl: 'http://127.0.0.1:3000',
      token: 'e30.e30.sig',
      userId: '41',
      productId: '9007199254740993',
      idempotencyKey: 'key-1',
      answerFile: join(folder, 'answer.txt'),
    });
    const run = (command: string) =>
      execaSync('sh', ['-c', command], {
        env: { PATH: `${folder}${delimiter}${process.env['PATH']}` },
        stripFinalNewline: false,
      }).stdout;
    const placed = run(commands.place);
    expect(placed).toContain('[http://127.0.0.1:3000/v1/orders]\n');
    expect(placed).toContain('[Authorization: Bearer e30.e30.sig]\n[-H]\n[Idempotency-Key: key-1]\n');
    const body = /\[(\{.*\})\]/.exec(placed)?.[1] ?? '';
    expect(JSON.parse(body)).toMatchObject({
      userId: '41',
      items: [{ productId: '9007199254740993', quantity: 2 }],
      shippingAddress: expect.any(String),
    });
    expect(run(commands.read)).toContain('[http://127.0.0.1:3000/v1/orders/77]\n');
  });
});
