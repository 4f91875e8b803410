import 'reflect-metadata';
import { once } from 'node:events';
import { DataSource } from 'typeorm';
import {
  type Handle,
  handles,
  type HandlesOptions,
  type HandlesTogether,
  handlesTogether,
} from './handles.js';
import { QueueApp } from './queue-app.js';
import { isolated, letters, parcels } from './queues.js';
import { RECORD_EFFECT } from './worker.database.js';

/** What the handler of `letters` does on a message, beside its effect: one row in `effects`. */
export type Behaviour =
  /** Has its effect, and waits in its transaction for ever. */
  | 'in-transaction'
  /** Has its effect, and waits after the commit, before Bull hears of it. */
  | 'after-commit'
  /** Keeps the event loop busy for three lock times, and has its effect then. */
  | 'block'
  /** Waits for any message from its parent or until it is asked to stop, and has its effect in the first case. */
  | 'until-told'
  /** Kills its process when the message is to `the-poisoned`. */
  | 'die'
  /** Never settles when the message is to `the-stuck`, and tells when it is asked to stop. */
  | 'hang'
  | 'plain';

export interface WorkerProcessOptions {
  readonly behaviour: Behaviour;
  /** Naive: the effect has no inbox. */
  readonly unguarded?: boolean;
  /** Jobs share transactions; `in-transaction` and `after-commit` wait once four have come together. */
  readonly together?: boolean;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly prefix: string;
  readonly lockMs: number;
  readonly drainMs?: number;
  readonly hardLimitMs?: number;
}

export type Report =
  | { readonly told: 'ready' }
  /** A handler is where its behaviour says that it waits. */
  | { readonly told: 'reached'; readonly messageId: string; readonly attempt: number }
  | { readonly told: 'aborted'; readonly by: string };

type Call = Parameters<Handle>;

const never = new Promise<never>(() => {});
let worker: QueueApp;

export async function run(text: string): Promise<void> {
  const { app } = await startWorker(JSON.parse(text) as WorkerProcessOptions);
  app.enableShutdownHooks([], { useProcessExit: true });
  tell({ told: 'ready' });
}

/** In this process: for one that no test kills. */
export async function startWorker(options: WorkerProcessOptions): Promise<QueueApp> {
  const definition = {
    ...letters,
    hardLimitMs: options.hardLimitMs ?? letters.hardLimitMs,
    ...(options.together && { concurrency: 32 }),
  };
  const processors = [
    options.together
      ? handlesTogether(definition, behaveTogether(options))
      : handles(definition, (...call) => behave(options, call), handlesOptions(options)),
    handles(isolated, () => {}),
  ];
  const { redisUrl, databaseUrl, prefix, lockMs, drainMs = 5_000 } = options;
  worker = await QueueApp.start(redisUrl, processors, {
    databaseUrl,
    prefix,
    lockMs,
    drainMs,
    abortGraceMs: 2_000,
    queues: [definition, parcels, isolated],
    child: { entry: new URL('child.runner.mjs', import.meta.url), execArgv: [] },
  });
  return worker;
}

async function behave({ behaviour, lockMs }: WorkerProcessOptions, call: Call): Promise<string> {
  const [{ to }, { messageId, signal }] = call;
  switch (behaviour) {
    case 'in-transaction':
      await effect(call);
      reached(call);
      return never;
    case 'block':
      reached(call);
      await new Promise(setImmediate); // the report is out
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * lockMs);
      break;
    case 'until-told':
      reached(call);
      await Promise.race([once(process, 'message'), once(signal, 'abort')]);
      signal.throwIfAborted();
      break;
    case 'die':
      if (to === 'the-poisoned') process.kill(process.pid, 'SIGKILL');
      break;
    case 'hang':
      if (to === 'the-stuck') {
        reached(call);
        signal.addEventListener('abort', () => tell({ told: 'aborted', by: (signal.reason as Error).name }));
        await never;
      }
      break;
  }
  await effect(call);
  if (behaviour === 'after-commit' && call[1].manager === undefined) {
    reached(call);
    await never;
  }
  return messageId;
}

function handlesOptions({ behaviour, unguarded }: WorkerProcessOptions): HandlesOptions {
  if (unguarded) return {};
  return {
    inbox: 'letters',
    committed: async (_payload, messageId) => {
      if (behaviour !== 'after-commit' || messageId === undefined) return;
      tell({ told: 'reached', messageId: messageId as string, attempt: 1 });
      await never;
    },
  };
}

/** How many have to have come together before it waits. */
const TOGETHER = 4;

function behaveTogether({ behaviour, lockMs }: WorkerProcessOptions): HandlesTogether {
  const waitHere = async (where: Behaviour, messageId: string, jobs: number): Promise<void> => {
    if (behaviour !== where || jobs < TOGETHER) return;
    tell({ told: 'reached', messageId, attempt: 1 });
    await never;
  };
  return {
    together: { inFlight: 1 },
    handleTogether: async (jobs, manager) => {
      const ids = jobs.map(({ messageId }) => messageId);
      await manager.query('INSERT INTO effects (msg_id, pid) VALUES ?', [ids.map((id) => [id, process.pid])]);
      await waitHere('in-transaction', ids[0]!, jobs.length);
      if (behaviour === 'block' && jobs.length >= TOGETHER) {
        tell({ told: 'reached', messageId: ids[0]!, attempt: 1 });
        await new Promise(setImmediate); // the report is out
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * lockMs);
      }
      return ids;
    },
    committed: async (jobs) => waitHere('after-commit', String(jobs[0]!.result), jobs.length),
  };
}

async function effect([, { manager, messageId }]: Call): Promise<void> {
  const target = manager ?? worker.app.get(DataSource).manager;
  await target.query(RECORD_EFFECT, [messageId, process.pid]);
}

const reached = ([, { messageId, attempt }]: Call) => tell({ told: 'reached', messageId, attempt });

function tell(report: Report): void {
  process.send!(report);
}
