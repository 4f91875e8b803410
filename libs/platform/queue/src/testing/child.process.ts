import 'reflect-metadata';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { serveJobs } from '../children/serve-jobs.js';
import { PostponedJobError, UnrecoverableJobError } from '../job.errors.js';
import { QueueModule } from '../queue.module.js';
import { type Handle, handles } from './handles.js';
import { isolated } from './queues.js';

/** Kept, so that the process is really larger. */
const hoard: Buffer[] = [];
let waits = 3;

/** Does what its message is addressed to. */
const handle: Handle = async ({ to }, { progress, signal, attempt }) => {
  // Progress is how the test sees who ran it.
  await progress({ pid: process.pid, attempt });
  if (to === 'exit') process.exit(3);
  if (to === 'crash') process.kill(process.pid, 'SIGKILL');
  if (to === 'ignore-abort') await new Promise(() => {});
  if (to === 'spin') for (;;);
  if (to === 'obey') await once(signal, 'abort').then(() => signal.throwIfAborted());
  if (to === 'throw') throw new Error('no luck in a child');
  if (to === 'away') throw Object.assign(new Error('no mail server'), { dependency: 'mail' });
  if (to === 'give-up') throw new UnrecoverableJobError('no use in a child');
  if (to === 'wait-thrice' && waits-- > 0) throw new PostponedJobError('not yet', 5);
  if (to === 'hoard') hoard.push(Buffer.alloc(400 * 1_024 * 1_024, 1));
};

@Module({ imports: [QueueModule.forChild()], providers: [handles(isolated, handle)] })
class ChildModule {}

export async function run(): Promise<void> {
  serveJobs(await NestFactory.createApplicationContext(ChildModule, { logger: false }));
}
