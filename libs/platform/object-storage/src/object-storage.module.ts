import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import { checkedExtras, DependencyProbes, isGlobalExtra } from '@fourfold/kernel';
import { AbandonedDrafts } from './abandoned.drafts.js';
import { LinkedObjects } from './linked.objects.js';
import { LocalBackend } from './local/local.backend.js';
import { LocalLinks } from './local/local.links.js';
import { OBJECT_STORAGE } from './object-storage.errors.js';
import { ObjectStorageMetrics } from './object-storage.metrics.js';
import { type ObjectStorageOptions, objectStorageSettings } from './object-storage.options.js';
import type { ObjectBackend } from './object.backend.js';
import { ObjectStore } from './object.store.js';

interface Parts {
  readonly backend: ObjectBackend;
  readonly links: LocalLinks | undefined;
  readonly drafts: AbandonedDrafts | undefined;
}

/** What the options make; only a process that has a bucket loads the AWS SDK. @throws ConfigurationError */
export async function partsOf(options: ObjectStorageOptions): Promise<Parts> {
  const settings = objectStorageSettings(options);
  const { folder, s3, linkUrl, linkSecrets, cleans, abandonedAfterMs, timeoutMs } = settings;
  if (s3) {
    const { S3Backend } = await import('./s3/s3.backend.js');
    return { backend: new S3Backend(s3, timeoutMs), links: undefined, drafts: undefined };
  }
  const links = linkUrl && linkSecrets ? new LocalLinks(linkUrl, linkSecrets) : undefined;
  const backend = new LocalBackend(folder!, links);
  const removeAbandoned = (olderThanMs: number) => backend.removeAbandoned(olderThanMs);
  const drafts = cleans ? new AbandonedDrafts(removeAbandoned, abandonedAfterMs) : undefined;
  return { backend, links, drafts };
}

const PARTS = Symbol('PARTS');

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ObjectStorageOptions>()
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

/** `ObjectStorageModule.forRoot(options)` or `forRootAsync(…)`, once an application: gives `ObjectStore` and `LinkedObjects`. */
@Module({
  providers: [
    ObjectStorageMetrics,
    { provide: PARTS, inject: [MODULE_OPTIONS_TOKEN], useFactory: partsOf },
    {
      provide: ObjectStore,
      inject: [PARTS, ObjectStorageMetrics],
      useFactory: ({ backend }: Parts, metrics: ObjectStorageMetrics) => new ObjectStore(backend, metrics),
    },
    {
      provide: LinkedObjects,
      inject: [ObjectStore, PARTS],
      useFactory: (store: ObjectStore, { links }: Parts) => new LinkedObjects(store, links),
    },
  ],
  exports: [ObjectStore, LinkedObjects],
})
export class ObjectStorageModule
  extends checkedExtras('ObjectStorageModule', ConfigurableModuleClass, isGlobalExtra)
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  constructor(
    @Inject(PARTS) private readonly parts: Parts,
    store: ObjectStore,
    @Optional() probes?: DependencyProbes,
  ) {
    super();
    probes?.add(OBJECT_STORAGE, () => store.probe());
  }

  onApplicationBootstrap(): void {
    this.parts.drafts?.start();
  }

  onModuleDestroy(): Promise<void> | undefined {
    return this.parts.drafts?.stop();
  }

  onApplicationShutdown(): void {
    this.parts.backend.close();
  }
}
