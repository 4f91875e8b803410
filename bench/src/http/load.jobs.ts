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

/** Calls that come at a rate, whether the platform keeps up or not. */
export interface PhasedJob extends Omit<HttpJob, 'kind' | 'ms'> {
  readonly kind: 'phased';
  readonly phases: readonly { readonly perSecond: number; readonly seconds: number }[];
}

/** Of the calls that were due in a stretch of time; each is measured from when it was due. */
export interface SecondReport {
  readonly accepted: number;
  /** Of `accepted`. */
  readonly orders: number;
  /** Of `accepted`, answered within a second. */
  readonly inTime: number;
  /** 429 and 503. */
  readonly refused: number;
  /** Any other answer, or none. */
  readonly failed: number;
  readonly acceptedP50Ms: number;
  readonly acceptedP99Ms: number;
  readonly refusedP99Ms: number;
}

export interface PhaseReport {
  /** By how much the latest call was sent after it was due. */
  readonly lateMs: number;
  readonly phases: readonly SecondReport[];
  readonly seconds: readonly SecondReport[];
}

export type LoadJob = HttpJob | RawJob | SettleJob | BurstJob | PhasedJob;

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
  /** Of a load of phases. */
  readonly phased?: PhaseReport;
  /** Of the process of load itself. */
  readonly cpuSeconds: number;
}
