import { onReadConnection, useReplica } from '@fourfold/db-routing';
import { Injectable } from '@nestjs/common';
import { type Page, pageOf } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { conditionOf, type Position, SELECT_ACTIONS } from './operator-actions.sql.js';
import type { ListActions } from './operator-actions.schema.js';

const INSERT_ACTION = `
  INSERT INTO operator_actions (actor, action, target, address, request_id) VALUES (?, ?, ?, ?, ?)
`;

const INSERT_OUTCOME = 'INSERT INTO operator_action_outcomes (action_id, status) VALUES (?, ?)';

/** What the columns hold, in characters. */
const LONGEST = { actor: 255, target: 500 };

/** What an operator is about to do. */
export interface OperatorAction {
  /** `sub` of the token. */
  readonly actor: string;
  /** Method and route: `POST /v1/admin/queues/:name/pause`. */
  readonly action: string;
  /** The path as it was asked for, without its query. */
  readonly target: string;
  /** Where the request came from. */
  readonly address: string;
  readonly requestId: string;
}

export interface RecordedAction extends OperatorAction {
  readonly id: string;
  /** When it began. */
  readonly at: string;
  /** HTTP status of the answer; null while there is none, and where the process died before it was recorded. */
  readonly status: number | null;
}

type Row = Omit<RecordedAction, 'at' | 'status'> & { at: Date; status: number | null };

/** Who did what, when and from where; on the primary, append-only. */
@Injectable()
export class OperatorActions {
  constructor(private readonly dataSource: DataSource) {}

  /** To be called before the action. @returns its id, for `end` */
  async begin({ actor, action, target, address, requestId }: OperatorAction): Promise<string> {
    const row = [actor.slice(0, LONGEST.actor), action, target.slice(0, LONGEST.target), address, requestId];
    const { insertId } = await this.dataSource.query<{ insertId: number | string }>(INSERT_ACTION, row);
    return String(insertId);
  }

  async end(id: string, status: number): Promise<void> {
    await this.dataSource.query(INSERT_OUTCOME, [id, status]);
  }

  /** Newest first, from a replica. @param before `nextCursor` of the page before */
  async list(query: ListActions, before?: string): Promise<Page<RecordedAction>> {
    const { index, sql, parameters } = conditionOf(
      query,
      before === undefined ? undefined : positionOf(before),
    );
    const rows = await useReplica(() =>
      onReadConnection(this.dataSource, (runner) =>
        this.dataSource.query<Row[]>(SELECT_ACTIONS(index, sql), [...parameters, query.limit + 1], runner),
      ),
    );
    const actions = rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
    return pageOf(actions, query.limit, ({ at, id }) => `${at} ${id}`);
  }
}

function positionOf(text: string): Position {
  const [at = '', id = ''] = text.split(' ');
  return { at: new Date(at), id };
}
