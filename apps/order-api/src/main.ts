import 'reflect-metadata';
import { TokenVerifier } from '@fourfold/auth';
import { ReadYourWrites } from '@fourfold/db-routing';
import { httpDeadlinesOf, runService, startService, startTracing } from '@fourfold/observability';

/** 1,000 items are about 60 kB. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** The longest decoded part of a path, in characters: long enough for the id of anything cached. */
const PATH_PART_LIMIT = 200;

await runService(async () => {
  // Imported here, so that a configuration error is reported like any other failed start.
  const { config } = await import('./config/order-api.config.js');
  await startTracing('order-api', config);
  const { AppModule } = await import('./app.module.js');
  const { wasPlacedIn } = await import('./orders/was-placed.js');
  const { auditOperators } = await import('./audit/audit.hook.js');
  const { Admission } = await import('./admission/admission.js');
  const { authenticate } = await import('./auth/authentication.hook.js');
  const { keepConsistency } = await import('./consistency/consistency.hook.js');
  const { limitCallers } = await import('./http/caller.limit.js');
  const { allowOrigins } = await import('./http/cross-origin.js');
  const { acceptJsonOnly } = await import('./http/json-body.parser.js');
  const { databaseErrorOf } = await import('./http/database-error.js');
  const { shareRates } = await import('./rates/share-rates.js');
  const { refuseOtherRole } = await import('./http/role.hook.js');
  const { refuseUnclear } = await import('./http/unclear-request.hook.js');
  const { publishConfirmationPage } = await import('./email-confirmations/confirm-email.page.js');
  const { controllers } = await import('./controllers.js');
  const { publishOpenApi, requireDescription } = await import('./openapi/open-api.page.js');
  const admission = new Admission({
    targetMs: config.ADMISSION_TARGET_MS,
    hstsSeconds: config.HSTS_SECONDS,
  });
  await startService(AppModule, {
    host: config.HOST,
    port: config.PORT,
    managementPort: config.MANAGEMENT_PORT,
    managementHost: config.MANAGEMENT_HOST,
    hstsSeconds: config.HSTS_SECONDS,
    http: httpDeadlinesOf(config),
    fastify: {
      bodyLimit: BODY_LIMIT_BYTES,
      trustProxy: config.TRUSTED_PROXIES,
      routerOptions: { maxParamLength: PATH_PART_LIMIT },
    },
    around: admission.around,
    errorOf: databaseErrorOf,
    configure: async (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      refuseUnclear(fastify);
      await allowOrigins(fastify, config.CORS_ORIGINS);
      refuseOtherRole(fastify, config.API_ROLE);
      admission.attach(fastify);
      const rates = shareRates(fastify, config);
      authenticate(fastify, app.get(TokenVerifier), rates);
      rates.attach(fastify, wasPlacedIn(app));
      limitCallers(fastify, admission);
      keepConsistency(fastify, app.get(ReadYourWrites));
      auditOperators(fastify, app);
      acceptJsonOnly(fastify);
      requireDescription(fastify, controllers, '/v1/files/');
      publishConfirmationPage(fastify);
      if (config.DOCS_ENABLED) await publishOpenApi(fastify, controllers);
    },
  });
});
