import { Controller, Get, Module, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { expect, it } from 'vitest';
import { OperatorOnly } from '../auth/access.js';
import { openApiDocument } from '../openapi/open-api.document.js';
import { Deprecated } from './deprecated.js';
import { Operation } from './operation.js';

const since = new Date('2026-01-01T00:00:00Z');
const sunset = new Date('2026-12-31T23:59:59Z');
const link = 'https://shop.example/docs/api#moved';

@Controller('v1/olds')
class OldController {
  @Get()
  @OperatorOnly()
  @Operation('Old')
  @Deprecated({ since, sunset, link })
  returned() {
    return 'old';
  }

  @Get('sent')
  @OperatorOnly()
  @Operation('Old, sent')
  @Deprecated({ since, sunset, link })
  sent(@Res() reply: FastifyReply) {
    void reply.send('old');
  }
}

@Module({ controllers: [OldController] })
class AppModule {}

it('a deprecated route says so on its answers and in the document, and until when it is there', async () => {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    logger: false,
  });
  await app.init();
  for (const url of ['/v1/olds', '/v1/olds/sent']) {
    const { headers, body } = await app.inject({ url });
    expect(body).toBe('old');
    expect(headers).toMatchObject({
      deprecation: '@1767225600',
      sunset: 'Thu, 31 Dec 2026 23:59:59 GMT',
      link: `<${link}>; rel="deprecation"`,
    });
  }
  await app.close();
  const { paths } = openApiDocument([OldController]);
  expect(paths['/v1/olds']!['get']).toHaveProperty('deprecated', true);
});

it('clients have six months at least', () => {
  expect(() => Deprecated({ since, sunset: new Date('2026-03-01T00:00:00Z'), link })).toThrow('six months');
});
