import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { CacheWarmer, MultiLevelCache, type WriteOutcome } from '@fourfold/cache';
import { productCache, productIdsCache, productListCache, stockCache } from '@shop/catalog';
import { z } from 'zod';
import { OperatorOnly } from '../auth/access.js';
import { ValidParam } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { CacheNamespaceNotFoundError } from './cache.errors.js';
import { type CacheReport, CacheReporter } from './cache.reporter.js';
import { Operation } from '../routes/operation.js';

/** The code that caches a value chooses its name: not every id is a Snowflake id. */
const nameSchema = z.string().min(1).max(200);

/** The answers that are made of what a namespace holds: they go with it, or they would show what an operator has dropped. */
const SHOWN_IN: Readonly<Record<string, string>> = {
  [productCache.name]: productListCache.name,
  [stockCache.name]: productListCache.name,
  [productIdsCache.name]: productListCache.name,
};

@Controller('v1/admin/cache')
export class CacheController {
  constructor(
    private readonly cache: MultiLevelCache,
    private readonly warmer: CacheWarmer,
    private readonly reporter: CacheReporter,
  ) {}

  /** As the process that answers sees it. */
  @Get()
  @OperatorOnly()
  @Answers(200, 'cache')
  @Operation('The cache, as the process that answers sees it')
  show(): Promise<CacheReport> {
    return this.reporter.report();
  }

  /** Warms the process that answers. All processes share Redis, and the L1 of the others fills from there. */
  @Post('warm')
  @HttpCode(202)
  @OperatorOnly()
  @Answers(202, 'warmUp')
  @Operation('Warms the cache of the process that answers')
  warm(): { status: 'started' | 'running' } {
    return { status: this.warmer.start() };
  }

  @Delete(':namespace/:id')
  @OperatorOnly()
  @Answers(200, 'invalidation')
  @Operation('Drops one value from the cache', CacheNamespaceNotFoundError)
  async invalidate(
    @ValidParam('namespace', nameSchema) namespace: string,
    @ValidParam('id', nameSchema) id: string,
  ): Promise<WriteOutcome> {
    this.assertKnown(namespace);
    return this.drop(namespace, () => this.cache.invalidate(namespace, id));
  }

  @Delete(':namespace')
  @OperatorOnly()
  @Answers(200, 'invalidation')
  @Operation('Drops all values of a namespace from the cache', CacheNamespaceNotFoundError)
  async invalidateAll(@ValidParam('namespace', nameSchema) namespace: string): Promise<WriteOutcome> {
    this.assertKnown(namespace);
    return this.drop(namespace, () => this.cache.invalidateNamespace(namespace));
  }

  private drop(namespace: string, invalidate: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const answers = SHOWN_IN[namespace];
    return this.cache.invalidateAfter(async () => {
      await invalidate();
      if (answers) await this.cache.invalidateNamespace(answers);
    });
  }

  private assertKnown(namespace: string): void {
    const known = Object.keys(this.cache.stats().namespaces);
    if (!known.includes(namespace)) throw new CacheNamespaceNotFoundError(namespace, known);
  }
}
