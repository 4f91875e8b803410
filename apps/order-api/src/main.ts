import 'reflect-metadata';
import { TokenVerifier } from '@fourfold/auth';
import { httpDeadlinesOf, runService, startService, startTracing } from '@fourfold/observability';

/** 1,000 items are about 60 kB. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** Of one part of a path, decoded: the id of anything cached. */
const PATH_PART_LIMIT = 200;

await runService(async () => {
  // Imported here, so that a configuration error is reported like any other failed start.
  const { config } = await import('./config/order-api.config.js');
  await startTracing('order-api', config);
  const { AppModule } = await import('./app.module.js');
  const { authenticate } = await import('./auth/authentication.hook.js');
  const { acceptJsonOnly } = await import('./http/json-body.parser.js');
  const { refuseUnreadable, refuseUnroutable } = await import('./http/problem.filter.js');
  const { refuseOtherRole } = await import('./http/role.hook.js');
  const { refuseWhileStopping } = await import('./http/stopping.hook.js');
  const { refuseUnclear } = await import('./http/unclear-request.hook.js');
  const { publishOpenApi } = await import('./openapi/open-api.page.js');
  await startService(AppModule, {
    host: config.HOST,
    port: config.PORT,
    managementPort: config.MANAGEMENT_PORT,
    http: httpDeadlinesOf(config),
    fastify: {
      bodyLimit: BODY_LIMIT_BYTES,
      routerOptions: { maxParamLength: PATH_PART_LIMIT },
      frameworkErrors: refuseUnroutable,
      clientErrorHandler: refuseUnreadable,
      return503OnClosing: false,
    },
    configure: (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      refuseWhileStopping(fastify);
      refuseUnclear(fastify);
      refuseOtherRole(fastify, config.API_ROLE);
      authenticate(fastify, app.get(TokenVerifier));
      acceptJsonOnly(fastify);
      if (config.DOCS_ENABLED) publishOpenApi(app);
    },
  });
});
