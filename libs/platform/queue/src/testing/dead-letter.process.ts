import { once } from 'node:events';
import { Outbox } from '@fourfold/outbox';
import { Logger } from '@nestjs/common';
import Bull from 'bull';
import { DataSource, type EntityManager } from 'typeorm';
import { DeadLetterMetrics } from '../dead-letters/dead-letter.metrics.js';
import { DeadLetterRecorder } from '../dead-letters/dead-letter.recorder.js';
import { sweep } from '../dead-letters/dead-letter.sweeper.js';
import { FailedJobs } from '../dead-letters/failed-jobs.js';
import { Redrive } from '../dead-letters/redrive.js';
import { partsOf } from './dead-letter-desk.js';
import { letters } from './queues.js';

/** What the process does until it reaches the point at which it is to die. */
export type Deed =
  /** Sweeps; stops when everything is recorded and nothing removed. */
  | { readonly deed: 'sweep' }
  /** Sweeps as a naive one would; stops when everything is removed and nothing recorded. */
  | { readonly deed: 'naive sweep' }
  /** Redrives; stops when letter and message are changed and nothing is committed. */
  | { readonly deed: 'redrive'; readonly id: string }
  /** Redrives in two transactions; stops between them. */
  | { readonly deed: 'naive redrive'; readonly id: string };

export type DeadLetterProcessOptions = Deed & {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly prefix: string;
};

/** Tells its parent that it has got there, and goes no further. */
function stopHere(): Promise<never> {
  process.send?.({ told: 'ready' });
  return new Promise(() => {});
}

class StoppingRedrive extends Redrive {
  override async resolve(...parameters: Parameters<Redrive['resolve']>): Promise<void> {
    await super.resolve(...parameters);
    if (parameters[1].length > 0) await stopHere();
  }
}

export async function run(json: string): Promise<void> {
  Logger.overrideLogger(false);
  const options = JSON.parse(json) as DeadLetterProcessOptions;
  process.on('disconnect', () => process.exit());
  const dataSource = await new DataSource({
    type: 'mysql',
    url: options.databaseUrl,
    isolationLevel: 'READ COMMITTED',
    timezone: 'Z',
  }).initialize();
  void act(options, dataSource);
  await once(process, 'disconnect');
}

async function act(options: DeadLetterProcessOptions, dataSource: DataSource): Promise<void> {
  const queue = new Bull(letters.name, options.redisUrl, { prefix: options.prefix });
  const failed = new FailedJobs(queue);
  const outbox = new Outbox();
  const recorder = new DeadLetterRecorder([letters], dataSource, outbox, new DeadLetterMetrics());
  switch (options.deed) {
    case 'sweep':
      return sweep(Object.assign(failed, { remove: stopHere }), recorder);
    case 'naive sweep':
      await failed.remove(await failed.list(0, 200));
      return stopHere();
    case 'redrive':
      await partsOf(dataSource, [letters], new StoppingRedrive([letters], outbox)).deadLetters.redrive(
        options.id,
        'operator:crash',
      );
      return;
    case 'naive redrive':
      await dataSource.transaction((manager: EntityManager) =>
        manager.query("UPDATE dead_letters SET status = 'redriven' WHERE id = ?", [options.id]),
      );
      return stopHere();
  }
}
