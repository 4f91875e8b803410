/** What a Bull job of ours holds. */
export interface JobData {
  messageId: string;
  payload: object;
  /** Of what sent it: see `delivered` of `@fourfold/observability/tracing`. */
  trace?: string;
}

/** A numeric custom id would collide with Bull's own and overwrite a payload: hence the prefix. */
export const jobIdOf = (outboxId: string): string => `ob-${outboxId}`;
