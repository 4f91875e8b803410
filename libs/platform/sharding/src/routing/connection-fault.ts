import { QueryFailedError } from 'typeorm';

/** Codes of the network, of mysql2, and of servers that refuse or end a connection. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_CONNECTION_KILLED',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
]);

/**
 * What is wrong with the connection when a failed statement or `error` says so: a short code that is safe to show.
 * Undefined when it is about something else. mysql2 marks as `fatal` what no statement can follow.
 */
export function connectionFaultOf(error: unknown): string | undefined {
  const { code, fatal } = driverErrorOf(error);
  if (code !== undefined && CONNECTION_CODES.has(code)) return code;
  return fatal === true ? 'connection closed' : undefined;
}

/** The same while connecting, where whatever has a code (no access, no such database) means no connection. */
export function connectFaultOf(error: unknown): string | undefined {
  return driverErrorOf(error).code ?? connectionFaultOf(error);
}

function driverErrorOf(error: unknown): { code?: string; fatal?: boolean } {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return typeof source === 'object' && source !== null ? source : {};
}
