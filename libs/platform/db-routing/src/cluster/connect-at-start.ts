import { setTimeout as timer } from 'node:timers/promises';
import { Logger, type LoggerService } from '@nestjs/common';
import { AppError, type BackOff, equalJitterBackOff } from '@fourfold/kernel';
import { connectFaultOf, connectionFaultOf, queryTimeoutOf } from '../driver-error.js';

const BACK_OFF: BackOff = { baseMs: 125, capMs: 5_000 };

export interface ConnectAtStartOptions {
  /** `host:port` for the log; never a URL, which has the password in it. */
  server: string;
  /** Gets one line an attempt that failed, and one when it worked after all. */
  log?: Pick<LoggerService, 'warn' | 'error'>;
  /** Uniform in [0, 1). */
  random?: () => number;
  /** Resolves after `ms`. */
  pause?: (ms: number) => Promise<unknown>;
}

/**
 * Runs `initialize` until the database is there, for as long as that takes: a process that gave up would be restarted
 * in a loop, while one that waits says so on `/health/ready`. A server that refuses (access denied, unknown database)
 * is tried again too, since a secret may be rotated and a database restored, but stands out as an error in the log.
 * @param initialize may be run again after it has failed
 * @returns what `initialize` gave
 * @throws at once what is not about the connection, such as a wrong entity
 */
export async function connectAtStart<T>(
  initialize: () => Promise<T>,
  options: ConnectAtStartOptions,
): Promise<T> {
  const { server, log = new Logger(connectAtStart.name), random = Math.random, pause = timer } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await initialize();
      if (attempt > 1) log.warn(`Connected to the primary ${server} at attempt ${attempt}`);
      return result;
    } catch (error) {
      const fault = faultOf(error);
      if (!fault) throw error;
      const waitMs = equalJitterBackOff(attempt, BACK_OFF, random);
      const next = `(attempt ${attempt}); next try in ${waitMs} ms`;
      if (fault.refused) log.error(`The primary ${server} refuses the connection: ${fault.code} ${next}`);
      else log.warn(`The primary ${server} can't be reached: ${fault.code} ${next}`);
      await pause(waitMs);
    }
  }
}

interface Fault {
  code: string;
  /** The server was there and said no: waiting alone may not help. */
  refused: boolean;
}

function faultOf(error: unknown): Fault | undefined {
  // What the driver said first: the pools wrap whatever kept them from a connection (`DatabaseUnavailableError`).
  const driverError = error instanceof AppError ? error.cause : error;
  const code = connectFaultOf(driverError) ?? (error instanceof AppError ? codeOf(driverError) : undefined);
  // Only a code of the network comes back unchanged from there.
  if (code !== undefined) return { code, refused: connectionFaultOf(driverError) !== code };
  const gaveUp = error instanceof AppError ? error : queryTimeoutOf(error);
  return gaveUp && { code: gaveUp.code, refused: false };
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}
