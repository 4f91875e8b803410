import { CarriedInvalidations, MultiLevelCache } from '@fourfold/cache';
import { ReadYourWrites } from '@fourfold/db-routing';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/**
 * Has the consistency token hold for reads from the cache too: it carries what its caller's writes have invalidated. And
 * has answers say when they may be old, for what they were made from is loaded by way of the cache.
 */
@Injectable()
export class CachedReads implements OnModuleInit {
  constructor(
    private readonly readYourWrites: ReadYourWrites,
    private readonly invalidations: CarriedInvalidations,
    private readonly cache: MultiLevelCache,
  ) {}

  onModuleInit(): void {
    this.readYourWrites.carry(this.invalidations);
    this.cache.reportOldValues(this.readYourWrites);
  }
}
