/** Says what is wrong in which file; its message is enough to act on. */
export class AlertsError extends Error {}
