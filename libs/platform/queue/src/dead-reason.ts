/** Why a job is dead: out of attempts, given up by its handler, taken over or its process's end too often, over its hard limit, unreadable. */
export const deadReasons = ['attempts', 'unrecoverable', 'stalled', 'timeout', 'invalid-payload'] as const;

export type DeadReason = (typeof deadReasons)[number];

/** The field of a failed job's hash in which the host leaves the reason, before Bull moves the job to `failed`. */
export const DEAD_REASON_FIELD = 'deadReason';
