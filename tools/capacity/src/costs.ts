/** CPU time of one order or read, in ms, by who spends it. Replicas and shards: all of a kind together. */
export interface CpuMs {
  readonly orderApi: number;
  readonly worker: number;
  readonly primary: number;
  /** By their reads. */
  readonly replicas: number;
  readonly shards: number;
  readonly redisCache: number;
  readonly redisQueue: number;
}

export interface Costs {
  readonly cpuMs: {
    /** An order of two lines, from the request until its mail is sent. */
    readonly order: CpuMs & { /** On each replica. */ readonly replicaApply: number };
    /** By where the answer comes from. */
    readonly memoryRead: CpuMs;
    readonly redisRead: CpuMs;
    readonly databaseRead: CpuMs;
  };
  readonly bytes: {
    /** Rows that stay, with their indexes: the order, its lines, its answer by idempotency key, its e-mail. */
    readonly order: number;
    readonly outbox: number;
    readonly inbox: number;
    readonly binaryLog: number;
    /** The order's entry in its user's index. */
    readonly shards: number;
    readonly cachedOrder: number;
    readonly waitingJob: number;
  };
  readonly keptDays: { readonly outbox: number; readonly inbox: number; readonly binaryLog: number };
}

/** What one of each is taken to be. */
export interface Machine {
  /** The share of its cores at which a part is full. */
  readonly targetLoad: number;
  readonly databaseCores: number;
  readonly maxConnections: number;
  /** Connections of one pod to the primary, at most. */
  readonly poolSize: number;
  readonly redisGb: number;
  /** Of the reads that the cache answers, the share that Redis does and not the memory of the process. */
  readonly redisShareOfHits: number;
  /** The load of a whole day over that of its busiest time: for storage alone. */
  readonly averageShare: number;
  /** For how long an order stays in the cache. */
  readonly cachedSeconds: number;
  /** For how long the queue has to hold what comes while no worker runs. */
  readonly backlogSeconds: number;
  readonly jobsPerOrder: number;
}

/**
 * Measured by `npm run capacity -- --measure` on 29 November 2026 (Node 24.21, MariaDB 10.11, Redis 7.0, two cores of an AMD
 * EPYC, one order-api and one worker), while other work ran on the same cores: caches that others empty make CPU times
 * longer. What a process uses when nothing is asked of it is taken off.
 */
export const costs: Costs = {
  cpuMs: {
    order: {
      orderApi: 7.1,
      worker: 9.3,
      primary: 10.3,
      replicas: 0,
      shards: 1.6,
      redisCache: 0.71,
      redisQueue: 1.0,
      replicaApply: 2.1,
    },
    memoryRead: {
      orderApi: 0.86,
      worker: 0,
      primary: 0,
      replicas: 0,
      shards: 0,
      redisCache: 0.008,
      redisQueue: 0,
    },
    redisRead: {
      orderApi: 1.51,
      worker: 0,
      primary: 0,
      replicas: 0,
      shards: 0,
      redisCache: 0.055,
      redisQueue: 0,
    },
    databaseRead: {
      orderApi: 3.0,
      worker: 0,
      primary: 0,
      // On the primary, when it was measured; the statements are the same.
      replicas: 0.46,
      shards: 0.05,
      redisCache: 0.21,
      redisQueue: 0.008,
    },
  },
  bytes: {
    order: 1_720,
    outbox: 1_580,
    inbox: 190,
    binaryLog: 11_400,
    shards: 66,
    cachedOrder: 680,
    waitingJob: 850,
  },
  keptDays: { outbox: 3, inbox: 30, binaryLog: 7 },
};

/** What the model takes one of each to be. */
export const machine: Machine = {
  targetLoad: 0.6,
  databaseCores: 16,
  maxConnections: 2_000,
  poolSize: 32,
  redisGb: 16,
  redisShareOfHits: 0.3,
  averageShare: 0.25,
  cachedSeconds: 3_600,
  backlogSeconds: 600,
  jobsPerOrder: 3,
};
