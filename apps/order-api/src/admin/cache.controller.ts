import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { CacheWarmer, MultiLevelCache, type WriteOutcome } from '@fourfold/cache';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { OperatorOnly } from '../auth/access.js';
import { ValidParam } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { CacheNamespaceNotFoundError } from './cache.errors.js';
import { type CacheReport, CacheReporter } from './cache.reporter.js';

/** The code that caches a value chooses its name: not every id is a Snowflake id. */
const nameSchema = z.string().min(1).max(200);

@ApiTags('admin')
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
  show(): Promise<CacheReport> {
    return this.reporter.report();
  }

  /** Warms the process that answers. All processes share Redis, and the L1 of the others fills from there. */
  @Post('warm')
  @HttpCode(202)
  @OperatorOnly()
  @Answers(202, 'warmUp')
  warm(): { status: 'started' | 'running' } {
    return { status: this.warmer.start() };
  }

  @Delete(':namespace/:id')
  @OperatorOnly()
  @Answers(200, 'invalidation')
  async invalidate(
    @ValidParam('namespace', nameSchema) namespace: string,
    @ValidParam('id', nameSchema) id: string,
  ): Promise<WriteOutcome> {
    this.assertKnown(namespace);
    return this.cache.invalidate(namespace, id);
  }

  @Delete(':namespace')
  @OperatorOnly()
  @Answers(200, 'invalidation')
  async invalidateAll(@ValidParam('namespace', nameSchema) namespace: string): Promise<WriteOutcome> {
    this.assertKnown(namespace);
    return this.cache.invalidateNamespace(namespace);
  }

  private assertKnown(namespace: string): void {
    const known = Object.keys(this.cache.stats().namespaces);
    if (!known.includes(namespace)) throw new CacheNamespaceNotFoundError(namespace, known);
  }
}
