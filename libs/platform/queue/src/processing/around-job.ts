/** What an application wants around each of its jobs, such as a context of the job's own. */
export interface AroundJob {
  /** Runs `work`, the processor's `handle`, once, and settles as it does. */
  run<T>(work: () => Promise<T>): Promise<T>;
}
