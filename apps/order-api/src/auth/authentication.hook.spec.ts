import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Caller, TokenVerifier } from '@fourfold/auth';
import { ManagementOnly, ObservabilityModule, startService } from '@fourfold/observability';
import { freePort } from '@fourfold-tools/testing';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { fastify as Fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CallerLimit, limitCallers } from '../http/caller.limit.js';
import { TooManyRequestsError } from '../http/http.errors.js';
import { RateLimitedError } from '../rates/rate.errors.js';
import { allow, CustomersToo, OperatorOnly } from './access.js';
import { authenticate } from './authentication.hook.js';
import { CurrentCaller } from './caller.js';

@Controller('v1/said')
class SaidController {
  @Get('operators')
  @OperatorOnly()
  operators(): string {
    return 'operators';
  }

  @Get('customers')
  @CustomersToo()
  customers(@CurrentCaller() { role, id }: Caller): string {
    return `${role} ${id}`;
  }
}

@Controller('v1/forgotten')
class ForgottenController {
  @Get(':id')
  show(): string {
    return 'a secret';
  }
}

@ManagementOnly()
@Controller('v1/inside')
class InsideController {
  @Get()
  show(): string {
    return 'inside';
  }
}

const observability = ObservabilityModule.forRoot({ service: 'test', logLevel: 'silent' });

let directory: string;
let tokens: TokenVerifier;
let tokenOf: (role: string) => Promise<string>;
let app: NestFastifyApplication | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fourfold-access-'));
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwksFile = join(directory, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }));
  tokens = new TokenVerifier({ jwksFile, issuer: 'us', audience: 'shop' });
  tokenOf = (role) =>
    new SignJWT({ role, sub: '7' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('us')
      .setAudience('shop')
      .setExpirationTime('1h')
      .sign(privateKey);
});
afterAll(async () => {
  await app?.close();
  rmSync(directory, { recursive: true });
});

let managementPort = 0;

function start(controllers: Type[], more?: (fastify: ReturnType<typeof fastifyOf>) => void) {
  @Module({
    imports: [observability],
    controllers,
  })
  class AppModule {}
  return startService(AppModule, {
    host: '127.0.0.1',
    port: 0,
    managementPort,
    configure: (made) => {
      authenticate(fastifyOf(made), tokens);
      limitCallers(fastifyOf(made));
      more?.(fastifyOf(made));
    },
  });
}

const fastifyOf = (made: NestFastifyApplication) => made.getHttpAdapter().getInstance();

describe('a public route', () => {
  it('that does not say who may call it keeps the application from starting', async () => {
    await expect(start([SaidController, ForgottenController, InsideController])).rejects.toThrow(
      /^Routes without @OperatorOnly\(\) or @CustomersToo\(\): GET \/v1\/forgotten\/:id(, HEAD \/v1\/forgotten\/:id)?$/,
    );
  });

  it('of a plain Fastify plugin as well', async () => {
    await expect(start([], (fastify) => fastify.get('/plain', () => 'plain'))).rejects.toThrow('GET /plain');
  });

  it('answers those that it says', async () => {
    managementPort = await freePort();
    app = await start([SaidController, InsideController], (fastify) =>
      fastify.get('/open', { config: allow('public') }, () => 'open'),
    );
    const { port } = app.getHttpServer().address() as AddressInfo;
    const ask = async (path: string, role?: string) => {
      const headers = role === undefined ? {} : { authorization: `Bearer ${await tokenOf(role)}` };
      return fetch(`http://127.0.0.1:${port}${path}`, { headers });
    };
    const statusFor = async (path: string, role?: string) => (await ask(path, role)).status;
    const statuses = async (path: string) =>
      Promise.all([statusFor(path), statusFor(path, 'customer'), statusFor(path, 'operator')]);
    expect(await statuses('/open')).toEqual([200, 200, 200]);
    expect(await statuses('/v1/said/customers')).toEqual([401, 200, 200]);
    expect(await statuses('/v1/said/operators')).toEqual([401, 403, 200]);
    expect(await statuses('/v1/inside')).toEqual([404, 404, 404]);
    // The management port asks for no token.
    expect((await fetch(`http://127.0.0.1:${managementPort}/v1/inside`)).status).toBe(200);
    expect(await statuses('/v1/nowhere')).toEqual([404, 404, 404]);
    expect(await (await ask('/v1/said/customers', 'customer')).text()).toBe('customer 7');
    const taken = vi.spyOn(CallerLimit.prototype, 'tryEnter').mockReturnValue(false);
    const enter = vi.spyOn(CallerLimit.prototype, 'enter').mockRejectedValueOnce(new TooManyRequestsError());
    expect(await statusFor('/v1/said/customers', 'customer')).toBe(429);
    for (const mock of [taken, enter]) mock.mockRestore();
  });
});

it('what changes something without a token counts as a stranger’s, and is refused when there are too many', async () => {
  const plain = Fastify();
  onTestFinished(() => plain.close());
  const [noted, limit]: [string[], number] = [[], 2];
  const strangers = {
    strangerFault: () => (noted.length < limit ? undefined : new RateLimitedError(7)),
    noteStranger: (address: string) => void noted.push(address),
  };
  authenticate(plain, tokens, strangers);
  plain.route({ method: ['GET', 'POST'], url: '/open', config: allow('public'), handler: () => 'open' });
  const status = async (method: 'GET' | 'POST') => (await plain.inject({ method, url: '/open' })).statusCode;
  expect([await status('POST'), await status('GET'), await status('POST')]).toEqual([200, 200, 200]);
  expect(noted).toHaveLength(limit);
  // Fastify alone does not know the error's status.
  expect([(await status('POST')) === 200, await status('GET')]).toEqual([false, 200]);
});
