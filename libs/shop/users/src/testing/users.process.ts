import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { type ShardRouter, SnowflakeIds, SqlWorkerIdLease } from '@fourfold/sharding';
import { AppError } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dyingRouter } from './dying.router.js';
import { NaiveRegistration } from './naive.registration.js';
import { connectShards, usersLibrary } from './users-library.js';

export interface UsersProcessOptions {
  readonly urls: Readonly<Record<string, string>>;
  /** The main cluster's, with worker ids. */
  readonly mainUrl: string;
  readonly reservationMs: number;
  readonly naive: boolean;
}

/** A sign-up, or with `userId` that user's change: of address, or with `name` of that alone. */
export interface EmailWish {
  readonly email: string;
  readonly userId?: string;
  readonly name?: string;
}

/** Where a saga is killed, with its process: at its nth call of a shard, or at its end when it makes fewer. */
export interface Death {
  /** Which wish. */
  readonly index: number;
  readonly call: number;
  /** Before the call, while it is on its way, or after its answer. */
  readonly when: 'before' | 'during' | 'after';
  /** Of `during`: for how long the call has been on its way. */
  readonly delayMs: number;
}

export interface Round {
  readonly wishes: readonly EmailWish[];
  readonly death?: Death;
}

/** Of a wish: who has the address now, or the code of the error, or what it says if it has none. */
export type Answer = { readonly userId: string } | { readonly code: string };

export type Report =
  | { readonly told: 'ready' }
  /** In the order of the wishes. */
  | { readonly told: 'answered'; readonly answers: readonly Answer[] };

const SWEEP_EVERY_MS = 500;

const tell = (report: Report) => process.send!(report);

/** An API process and a worker in one: all wishes of a round at once, and a sweep over and over. */
export async function run(text: string): Promise<void> {
  const options = JSON.parse(text) as UsersProcessOptions;
  Logger.overrideLogger(false);
  const servers = await connectShards(options.urls);
  const main = await new DataSource({ type: 'mysql', url: options.mainUrl }).initialize();
  const ids = await SnowflakeIds.start(new SqlWorkerIdLease(main));
  const libraryWith = (router: ShardRouter) => usersLibrary({ ...servers, ...options, router, ids });
  const naive = new NaiveRegistration(servers.router, ids);

  async function fulfil({ email, userId, name }: EmailWish, death: Death | undefined): Promise<Answer> {
    const { router, end } = dyingRouter(servers.router, death);
    const { register, change } = libraryWith(router);
    try {
      if (userId !== undefined) {
        const wanted = name === undefined ? { email } : { name };
        return { userId: (await change.execute(userId, wanted, undefined)).id };
      }
      if (options.naive) return { userId: await naive.execute(email) };
      return { userId: (await register.execute({ name: 'Ada', email })).id };
    } catch (error) {
      return { code: error instanceof AppError ? error.code : String(error) };
    } finally {
      end();
    }
  }

  process.on('message', ({ wishes, death }: Round) => {
    const deathOf = (index: number) => (index === death?.index ? death : undefined);
    void Promise.all(wishes.map((wish, index) => fulfil(wish, deathOf(index)))).then((answers) =>
      tell({ told: 'answered', answers }),
    );
  });
  process.once('disconnect', () => process.exit(1));
  tell({ told: 'ready' });
  for (const { sweep } = libraryWith(servers.router); !options.naive;) {
    // What could not be settled is for the next pass.
    await sweep.sweep().catch(() => undefined);
    await pause(SWEEP_EVERY_MS * (0.5 + Math.random()));
  }
}
