import type { Costs, CpuMs, Machine } from './costs.js';

/** What is asked of the platform, at its busiest. */
export interface Load {
  /** Orders placed a second. */
  readonly orders: number;
  /** Reads of an order, product or user a second. */
  readonly reads: number;
  /** The share of reads that memory or Redis answers: `cache_hit_ratio`. */
  readonly hitRatio: number;
  /** How many days orders are kept in the database. */
  readonly days: number;
}

export interface Need {
  readonly part: string;
  /** How many of it. */
  readonly count: number;
  /** What there is of it: pods, servers, GB. */
  readonly unit: string;
  /** Where the number comes from. */
  readonly because: string;
  /** One of it can't do this any more: what takes over. */
  readonly beyond?: string;
}

const DAY_SECONDS = 86_400;
const GB = 1e9;
/** Two of each at the least: one may be replaced or die. */
const FEWEST = 2;
const SHARDS_AT_LEAST = 4;

/**
 * What a load needs, part by part. CPU grows with the load, and a part is full at `machine.targetLoad` of its cores: what is
 * above serves peaks within a second and the loss of a pod. A part that can't be multiplied names what takes over.
 */
export function capacityFor(load: Load, costs: Costs, machine: Machine): Need[] {
  const { orders, reads } = load;
  const misses = reads * (1 - load.hitRatio);
  const fromRedis = reads * load.hitRatio * machine.redisShareOfHits;
  const fromMemory = reads * load.hitRatio - fromRedis;
  /** Cores that a kind of process keeps busy. */
  const cores = (part: keyof CpuMs) => {
    const { order, memoryRead, redisRead, databaseRead } = costs.cpuMs;
    const ms =
      orders * order[part] +
      fromMemory * memoryRead[part] +
      fromRedis * redisRead[part] +
      misses * databaseRead[part];
    return ms / 1_000;
  };
  const full = machine.targetLoad;
  const pods = (part: 'orderApi' | 'worker'): Need => {
    const count = Math.max(FEWEST, wholes(cores(part) / full));
    const name = part === 'orderApi' ? 'order-api' : 'worker';
    return { part: name, count, unit: 'pods of 1 core', because: `${show(cores(part))} cores busy` };
  };
  const [api, worker] = [pods('orderApi'), pods('worker')];

  const connections = (api.count + worker.count) * machine.poolSize;
  const primaryShare = cores('primary') / (machine.databaseCores * full);
  const shardCores = cores('shards');
  const shards = Math.max(SHARDS_AT_LEAST, wholes(shardCores / (machine.databaseCores * full)));
  // One replica applies everything; each further one does it again.
  const applying = (orders * costs.cpuMs.order.replicaApply) / 1_000;
  const reading = cores('replicas');

  return [
    api,
    worker,
    {
      part: 'primary',
      count: 1,
      unit: `server of ${machine.databaseCores} cores`,
      because: `${show(cores('primary'))} cores busy, ${show(primaryShare * 100)}% of what it should bear`,
      ...(primaryShare > 1 && {
        beyond:
          'Vitess or TiDB below the same entities, sharded by order id: a second primary is not possible',
      }),
    },
    {
      part: 'connections to the primary',
      count: connections,
      unit: `of ${machine.maxConnections}`,
      because: `${api.count + worker.count} pods with pools of ${machine.poolSize}`,
      ...(connections > machine.maxConnections && {
        beyond: 'smaller pools (a pod needs its cores × 2 or so), or ProxySQL or MaxScale in between',
      }),
    },
    {
      part: 'replicas',
      count: Math.max(FEWEST, wholes(reading / (machine.databaseCores * full))),
      unit: `servers of ${machine.databaseCores} cores`,
      because: `${show(applying)} cores busy on each with applying, ${show(reading)} on all of them with reads, fills of the cache above all`,
      ...(applying > full && { beyond: 'slave_parallel_threads: one thread applies no more than one core' }),
    },
    {
      part: 'shards',
      count: shards,
      unit: `servers of ${machine.databaseCores} cores`,
      because: `${show(shardCores)} cores busy on all of them`,
    },
    redisNeed('cache Redis', cores('redisCache'), full),
    redisNeed('queue Redis', cores('redisQueue'), full),
    ...memoryNeeds(load, costs, machine),
    ...storageNeeds(load, costs, machine),
  ];
}

/** Redis runs commands in one thread: its limit is one core, however large the machine. */
function redisNeed(part: string, busy: number, full: number): Need {
  const count = Math.max(1, wholes(busy / full));
  return {
    part,
    count,
    unit: count === 1 ? 'server, one core' : 'servers, one core each',
    because: `${show(busy)} cores busy`,
    ...(count > 1 && {
      beyond:
        part === 'cache Redis'
          ? 'more memory in the processes, so that fewer reads come here; Redis Cluster divides nothing as long as all keys have one hash tag, the prefix'
          : 'a Redis for each queue, which takes an address for each (there is one for all); no queue can be divided, since its keys are in one slot',
    }),
  };
}

function memoryNeeds({ orders }: Load, { bytes }: Costs, machine: Machine): Need[] {
  const cached = orders * machine.cachedSeconds * bytes.cachedOrder;
  const backlog = orders * machine.backlogSeconds * machine.jobsPerOrder * bytes.waitingJob;
  const node = machine.redisGb * GB;
  return [
    {
      part: 'memory of the cache Redis',
      count: gb(cached),
      unit: 'GB',
      because: `orders of ${machine.cachedSeconds / 60} min; with less, the oldest are evicted and read again`,
      ...(cached > node && {
        beyond: `a larger server, or orders that are kept for less time: more than ${machine.redisGb} GB`,
      }),
    },
    {
      part: 'memory of the queue Redis',
      count: gb(backlog),
      unit: 'GB',
      because: `jobs of ${machine.backlogSeconds / 60} min while no worker runs; it may not evict`,
      ...(backlog > node && {
        beyond: 'a relay that holds back: the outbox keeps what the queue does not take',
      }),
    },
  ];
}

function storageNeeds({ orders, days }: Load, { bytes, keptDays }: Costs, { averageShare }: Machine): Need[] {
  const aDay = orders * averageShare * DAY_SECONDS;
  const lasting = aDay * days * bytes.order;
  const passing = aDay * (keptDays.outbox * bytes.outbox + keptDays.inbox * bytes.inbox);
  const log = aDay * keptDays.binaryLog * bytes.binaryLog;
  const shards = aDay * days * bytes.shards;
  return [
    {
      part: 'storage of the primary and each replica',
      count: gb(lasting + passing + log),
      unit: 'GB',
      because: `orders of ${days} days ${gb(lasting)}, outbox and inbox ${gb(passing)}, binary log of ${keptDays.binaryLog} days ${gb(log)}`,
      ...(lasting + passing + log > 4_000 * GB && {
        beyond: 'orders of closed months into an archive, or the order tables sharded (Vitess, TiDB)',
      }),
    },
    {
      part: 'storage of all shards',
      count: gb(shards),
      unit: 'GB',
      because: `the order index of ${days} days`,
    },
  ];
}

/** Rounded up, where rounding errors of the division are none. */
function wholes(count: number): number {
  return Math.ceil(Number(count.toPrecision(12)));
}

function gb(bytes: number): number {
  return Number((bytes / GB).toPrecision(2));
}

function show(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}
