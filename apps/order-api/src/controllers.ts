import { AuditController } from './admin/audit.controller.js';
import { CacheController } from './admin/cache.controller.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { FunnelController } from './admin/funnel.controller.js';
import { MigrationsController } from './admin/migrations.controller.js';
import { QueuesController } from './admin/queues.controller.js';
import { ReplicasController } from './admin/replicas.controller.js';
import { ShardsController } from './admin/shards.controller.js';
import { EmailConfirmationsController } from './email-confirmations/email-confirmations.controller.js';
import { FilesController } from './files/files.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { ProductsController } from './products/products.controller.js';
import { RecommendationsController } from './recommendations/recommendations.controller.js';
import { ReportsController } from './reports/reports.controller.js';
import { UsersController } from './users/users.controller.js';

/** All that answer on the public port, and that `/openapi.json` describes. */
export const controllers = [
  OrdersController,
  UsersController,
  EmailConfirmationsController,
  ProductsController,
  RecommendationsController,
  ReportsController,
  FilesController,
  ReplicasController,
  ShardsController,
  MigrationsController,
  CacheController,
  DeadLettersController,
  QueuesController,
  FunnelController,
  AuditController,
] as const;
