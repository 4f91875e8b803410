import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeConsistencyHeader } from './consistency-header.js';

/** `/docs` (Swagger UI) and `/openapi.json`, made from the schemas that also check the requests. */
export function publishOpenApi(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Fourfold order API')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  SwaggerModule.setup('docs', app, () => publicPart(SwaggerModule.createDocument(app, description)), {
    jsonDocumentUrl: 'openapi.json',
  });
}

/** Health and metrics have a port of their own. */
function publicPart(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/'));
  const published = { ...document, paths: Object.fromEntries(paths) };
  describeConsistencyHeader(published);
  return published;
}
