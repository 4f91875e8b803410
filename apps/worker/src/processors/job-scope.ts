import { Injectable } from '@nestjs/common';
import { ReadYourWrites } from '@fourfold/db-routing';
import type { AroundJob } from '@fourfold/queue';

/** A job sees what it has written itself, and has nothing to wait for on account of the jobs beside and before it. */
@Injectable()
export class JobScope implements AroundJob {
  constructor(private readonly readYourWrites: ReadYourWrites) {}

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.readYourWrites.isolate(work);
  }
}
