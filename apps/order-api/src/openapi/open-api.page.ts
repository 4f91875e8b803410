import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { PAGE_CONTENT_POLICY } from '@fourfold/observability';
import type { Type } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { allow } from '../auth/access.js';
import { documentedRoutesOf, documentPathOf } from './documented.routes.js';
import { openApiDocument } from './open-api.document.js';

const PAGE = '/docs';
const DOCUMENT = '/openapi.json';
/** Of the package that Swagger UI comes in, what the page asks for; the rest is source maps and the package's own files. */
const ASSETS = [
  'favicon-16x16.png',
  'favicon-32x32.png',
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
];
const SCRIPT = 'swagger-ui-init.js';
/** They change with a release alone. */
const CACHE_CONTROL = 'public, max-age=300';

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Fourfold order API</title>
    <link rel="stylesheet" href="${PAGE}/swagger-ui.css">
    <link rel="icon" type="image/png" href="${PAGE}/favicon-32x32.png" sizes="32x32">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${PAGE}/swagger-ui-bundle.js"></script>
    <script src="${PAGE}/swagger-ui-standalone-preset.js"></script>
    <script src="${PAGE}/${SCRIPT}"></script>
  </body>
</html>
`;
const START_PAGE = `SwaggerUIBundle({
  url: '${DOCUMENT}',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
});
`;

const HEADERS = { 'Cache-Control': CACHE_CONTROL, 'Content-Security-Policy': PAGE_CONTENT_POLICY };

/**
 * `/docs` (Swagger UI) and `/openapi.json`. Both need no token, so they cost next to nothing: the document is made when
 * it is first asked for, and serialised once.
 */
export async function publishOpenApi(fastify: FastifyInstance, controllers: readonly Type[]): Promise<void> {
  let document: Buffer | undefined;
  const page = (url: string, type: string, content: () => Buffer | string): void => {
    fastify.get(url, { config: allow('public') }, (_request, reply) =>
      reply.headers(HEADERS).type(`${type}; charset=utf-8`).send(content()),
    );
  };
  page(DOCUMENT, 'application/json', () => {
    return (document ??= Buffer.from(JSON.stringify(openApiDocument(controllers))));
  });
  for (const url of [PAGE, `${PAGE}/`, `${PAGE}/index.html`]) page(url, 'text/html', () => HTML);
  page(`${PAGE}/${SCRIPT}`, 'text/javascript', () => START_PAGE);
  const root = fileURLToPath(new URL('.', import.meta.resolve('swagger-ui-dist/package.json')));
  await fastify.register(fastifyStatic, { root, serve: false, cacheControl: false });
  for (const file of ASSETS)
    fastify.get(`${PAGE}/${file}`, { config: allow('public') }, (_request, reply) =>
      reply.headers(HEADERS).sendFile(file),
    );
}

/**
 * A route of the API that the document lacks, or that is only in the document, keeps the application from starting. To be
 * called before routes are made.
 * @param linked path of files, which are reached by links alone
 */
export function requireDescription(
  fastify: FastifyInstance,
  controllers: readonly Type[],
  linked: string,
): void {
  const made = new Set<string>();
  fastify.addHook('onRoute', ({ method, url }) => {
    if (!url.startsWith('/v1/') || url.startsWith(linked)) return;
    for (const one of [method].flat()) if (one !== 'HEAD') made.add(`${one} ${documentPathOf(url)}`);
  });
  fastify.addHook('onReady', (done) => {
    const described = new Set(
      controllers.flatMap(documentedRoutesOf).map(({ method, path }) => `${method.toUpperCase()} ${path}`),
    );
    const different = [
      ...[...made].filter((route) => !described.has(route)),
      ...[...described].filter((route) => !made.has(route)),
    ];
    done(
      different.length > 0
        ? new Error(
            `Routes that are served and not described by @Operation, or the other way: ${different.join(', ')}`,
          )
        : undefined,
    );
  });
}
