import { PAGE_CONTENT_POLICY } from '@fourfold/observability';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { allow } from '../auth/access.js';
import { describeConsistencyHeader } from './consistency-header.js';

const PAGE = '/docs';
const DOCUMENT = '/openapi.json';
/** Of the package that Swagger UI comes in, what the page asks for; the rest is source maps and the package's own files. */
const ASSETS = new Set([
  'favicon-16x16.png',
  'favicon-32x32.png',
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
]);
/** They change with a release alone. */
const CACHE_CONTROL = 'public, max-age=300';

/**
 * `/docs` (Swagger UI) and `/openapi.json`, made from the schemas that also check the requests. Both need no token, so
 * they cost next to nothing: each is serialised once.
 */
export function publishOpenApi(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Fourfold order API')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  const document = publicPart(SwaggerModule.createDocument(app, description));
  const fastify = app.getHttpAdapter().getInstance();
  publishToAll(fastify);
  const serialised = Buffer.from(JSON.stringify(document));
  fastify.get(DOCUMENT, (_request, reply) => reply.type('application/json; charset=utf-8').send(serialised));
  SwaggerModule.setup(PAGE, app, document, { raw: false });
}

/** Every route of the page and of the document, also those that Swagger makes. */
function publishToAll(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url !== DOCUMENT && route.url !== PAGE && !route.url.startsWith(`${PAGE}/`)) return;
    route.config = { ...route.config, ...allow('public') };
    route.onRequest = [route.onRequest ?? [], describePage].flat();
  });
}

function describePage(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { '*': file } = request.params as { '*'?: string };
  if (file !== undefined && !ASSETS.has(file)) {
    reply.callNotFound();
    return;
  }
  reply.headers({ 'Cache-Control': CACHE_CONTROL, 'Content-Security-Policy': PAGE_CONTENT_POLICY });
  done();
}

/** Health and metrics have a port of their own. */
function publicPart(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/'));
  const published = { ...document, paths: Object.fromEntries(paths) };
  describeConsistencyHeader(published);
  return published;
}
