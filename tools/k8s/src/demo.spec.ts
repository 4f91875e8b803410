import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { demoProducts, demoUsers } from '@fourfold-tools/import';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configReferences } from './rules/references.js';
import { overlay, root } from './testing/overlay.js';

const demo = join(root, 'k8s/components/in-cluster-data/demo');

interface Taken {
  readonly url: string;
  readonly authorization: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

let server: Server;
let address: string;
let taken: Taken[];
let answer: (request: Taken) => number;
let folder: string;

beforeEach(async () => {
  taken = [];
  answer = () => 201;
  folder = mkdtempSync(join(tmpdir(), 'fourfold-demo-'));
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { url = '', headers } = request;
      const one = { url, authorization: headers.authorization, body: JSON.parse(text) };
      taken.push(one);
      response.writeHead(answer(one)).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const script = (name: string, env: Record<string, string>) =>
  execa(process.execPath, [join(demo, name)], {
    env: { PATH: process.env['PATH'], ...env },
    extendEnv: false,
  });

async function makeSecrets(): Promise<{ stdout: string; secrets: Record<string, Record<string, string>> }> {
  writeFileSync(join(folder, 'token'), 'a-token\n');
  writeFileSync(join(folder, 'namespace'), 'here');
  const { stdout } = await script('make-secrets.mjs', { KUBERNETES_API: address, TOKEN_FOLDER: folder });
  const secrets = taken.map(({ body }) => [body.metadata.name, body.stringData] as const);
  return { stdout, secrets: Object.fromEntries(secrets) };
}

describe('the demo', () => {
  it('makes every secret that the dev overlay asks for, at random', async () => {
    const { secrets } = await makeSecrets();
    expect(taken.every(({ url }) => url === '/api/v1/namespaces/here/secrets')).toBe(true);
    expect(taken[0]?.authorization).toBe('Bearer a-token');
    const dev = await overlay('dev');
    const wanted = configReferences(dev).filter(({ kind }) => kind === 'Secret');
    expect(wanted.length).toBeGreaterThan(20);
    for (const { name = '', keys } of wanted) {
      expect(Object.keys(secrets[name] ?? {}), name).toEqual(expect.arrayContaining([...keys]));
    }
    // They stand in URLs and in SQL.
    for (const name of ['fourfold-database', 'fourfold-redis']) {
      for (const value of Object.values(secrets[name]!)) expect(value).toMatch(/^[\w-]{32}$/);
    }
    taken = [];
    expect((await makeSecrets()).secrets['fourfold-redis']).not.toEqual(secrets['fourfold-redis']);
  });

  it('leaves secrets alone that are there, and fails when it may not make them', async () => {
    answer = () => 409;
    expect((await makeSecrets()).stdout).toContain('Secret fourfold-database: was there');
    answer = () => 403;
    await expect(makeSecrets()).rejects.toThrow(/Secret fourfold-database was not made: 403/);
  });

  it('loads the demo catalogue and users with a token that its public key verifies', async () => {
    const { secrets } = await makeSecrets();
    const keys = secrets['demo-keys']!;
    writeFileSync(join(folder, 'private.jwk'), keys['private.jwk']!);
    taken = [];
    let refused = 0;
    // The API is not ready yet, and then has the first product already.
    answer = ({ body }) => (refused++ < 1 ? 503 : body.sku === 'DEMO-001' ? 409 : 201);
    const { stdout } = await script('load-demo.mjs', {
      API_URL: address,
      AUTH_ISSUER: 'fourfold-dev',
      AUTH_AUDIENCE: 'fourfold',
      PRIVATE_KEY: join(folder, 'private.jwk'),
      DEMO_DATA: join(demo, 'demo-data.json'),
    });
    expect(stdout).toContain('40 demo products, 39 of them new');
    expect(stdout).toContain('20 demo users, 20 of them new');
    const jwks = JSON.parse(keys['jwks.json']!) as JSONWebKeySet;
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    const token = taken[0]!.authorization!.replace('Bearer ', '');
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: 'fourfold-dev',
      audience: 'fourfold',
    });
    expect(payload).toMatchObject({ role: 'operator' });
  });

  it('has the data of npm start', () => {
    const data: unknown = JSON.parse(readFileSync(join(demo, 'demo-data.json'), 'utf8'));
    const products = demoProducts.map(({ sku, name, pricePence, stock }) => ({
      sku,
      name,
      price: { amount: pricePence, currency: 'GBP' },
      stock,
    }));
    expect(data).toEqual({ products, users: demoUsers });
  });
});
