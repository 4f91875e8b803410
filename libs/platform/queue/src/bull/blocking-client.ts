import type { Redis } from 'ioredis';

/** Makes a connection fit for a Bull worker to wait for jobs on. @returns the same */
export function asBlockingClient(client: Redis): Redis {
  connectQuietly(client);
  askOneAtATime(client);
  return client;
}

/**
 * Bull reconnects the blocking client while it pauses, and does not handle a failure in time: an unhandled rejection
 * would end the process in the middle of its graceful stop. The client goes on trying by itself.
 */
function connectQuietly(client: Redis): void {
  const connect = client.connect.bind(client);
  client.connect = () => connect().catch(() => {});
}

/**
 * Each of a queue's concurrent loops asks for a job on the same connection. When its host is gone without closing it,
 * Redis still has all those requests and answers them one by one: it would give the same job to the dead worker so often
 * that the job ends as stalled. One request at a time costs one delivery.
 */
function askOneAtATime(client: Redis): void {
  const ask = client.brpoplpush.bind(client) as (...parameters: unknown[]) => Promise<string | null>;
  let before: Promise<unknown> = Promise.resolve();
  let ends = 0;
  client.on('end', () => (ends += 1));
  const inTurn = (...parameters: unknown[]): Promise<string | null> => {
    const endsBefore = ends;
    const answer = before.then(() => {
      // Bull ends the connection to pause: what was asked before that must not take a job after it.
      if (ends > endsBefore) throw new Error('Connection is closed.');
      return ask(...parameters);
    });
    before = answer.catch(() => {});
    return answer;
  };
  Object.assign(client, { brpoplpush: inTurn });
}
