import { CarriedInvalidations } from '@fourfold/cache';
import { ReadYourWrites } from '@fourfold/db-routing';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Has the consistency token hold for reads from the cache too: it carries what its caller's writes have invalidated. */
@Injectable()
export class CachedReads implements OnModuleInit {
  constructor(
    private readonly readYourWrites: ReadYourWrites,
    private readonly invalidations: CarriedInvalidations,
  ) {}

  onModuleInit(): void {
    this.readYourWrites.carry(this.invalidations);
  }
}
