import type { ListActions } from './operator-actions.schema.js';

/** The last action of a page. */
export interface Position {
  readonly at: Date;
  readonly id: string;
}

export interface Condition {
  readonly sql: string;
  /** Of operator_actions: what it finds comes in the order of time. */
  readonly index: string;
  readonly parameters: readonly unknown[];
}

/** Outcomes by primary key. */
export const SELECT_ACTIONS = (index: string, sql: string): string => `
  SELECT CAST(a.id AS CHAR) AS id, a.at, a.actor, a.action, a.target, a.address, a.request_id AS requestId, o.status
  FROM operator_actions AS a FORCE INDEX (${index})
  LEFT JOIN operator_action_outcomes AS o ON o.action_id = a.id
  WHERE ${sql}
  ORDER BY a.at DESC, a.id DESC
  LIMIT ?
`;

export function conditionOf({ actor, action, from, to }: Partial<ListActions>, before?: Position): Condition {
  const parts: (readonly [sql: string, ...parameters: unknown[]])[] = [
    ...(actor === undefined ? [] : [['a.actor = ?', actor] as const]),
    ...(action === undefined ? [] : [['a.action = ?', action] as const]),
    ...(from === undefined ? [] : [['a.at >= ?', new Date(from)] as const]),
    ...(to === undefined ? [] : [['a.at < ?', new Date(to)] as const]),
    ...(before ? [['a.at <= ? AND (a.at < ? OR a.id < ?)', before.at, before.at, before.id] as const] : []),
  ];
  const index = actor === undefined ? (action === undefined ? 'newest' : 'action') : 'actor';
  return {
    sql: parts.map(([sql]) => sql).join(' AND ') || 'TRUE',
    index: `operator_actions_${index}`,
    parameters: parts.flatMap(([, ...parameters]) => parameters),
  };
}
