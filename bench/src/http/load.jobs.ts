/** What a process of load is told to do, and what it says of it. Both cross from one process to another as they are. */
export interface HttpJob {
  readonly kind: 'http';
  readonly url: string;
  readonly connections: number;
  readonly ms: number;
  readonly calls: readonly LoadCall[];
}

export interface LoadCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawJob {
  readonly kind: 'raw';
  readonly url: string;
  readonly connections: number;
  readonly ms: number;
}

/** Orders for as long as the platform keeps up with settling them. */
export interface SettleJob extends Omit<HttpJob, 'kind'> {
  readonly kind: 'settle';
  readonly primaryUrl: string;
  /** While more messages than this are still to be worked on, no order is placed. */
  readonly mostMessages: number;
}

/** Each call once, as fast as the connections allow. */
export interface BurstJob extends Omit<HttpJob, 'kind' | 'ms'> {
  readonly kind: 'burst';
}

export type LoadJob = HttpJob | RawJob | SettleJob | BurstJob;

export interface LoadReport {
  /** What was answered as it should be. */
  readonly done: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Anything else, with how often. */
  readonly wrong: Readonly<Record<string, number>>;
  /** Statements with which it has looked how many messages are left. */
  readonly looks?: number;
  /** Of the process of load itself. */
  readonly cpuSeconds: number;
}
