import { bars, type Board, lines, percentiles, query, quietQuery, stat } from '../board.js';

const FLOW = 'queue=~"inventory|order-index|email"';
const rate = (series: string, by = '') => `sum${by}(rate(${series}[$__rate_interval]))`;

export const orderFlow: Board = {
  slug: 'order-flow',
  title: 'Fourfold / Order flow',
  says: 'The way of an order: accepted, then confirmed or rejected, then mailed. Accepted minus confirmed, rejected and cancelled in time is what is on its way.',
  rows: [
    {
      title: 'Funnel',
      panels: [
        bars(
          'Orders in the chosen time',
          'short',
          'Each stage counts the orders that have reached it. An order that is cancelled before it is settled is mailed as cancelled, and is in neither of the two stages before.',
          [
            query('sum(increase(orders_accepted_total[$__range]))', 'accepted'),
            query('sum(increase(order_settle_seconds_count{outcome="confirmed"}[$__range]))', 'confirmed'),
            quietQuery('sum(increase(order_settle_seconds_count{outcome="rejected"}[$__range]))', 'rejected'),
            query('sum(increase(order_mail_seconds_count[$__range]))', 'mailed'),
          ],
        ),
        lines(
          'Orders by stage',
          'reqps',
          'Orders a second that reach each stage. The lines lie on each other while the workers keep up.',
          [
            query(rate('orders_accepted_total'), 'accepted'),
            query(rate('order_settle_seconds_count', ' by (outcome) '), '{{outcome}}'),
            query(rate('order_mail_seconds_count'), 'mailed'),
          ],
        ),
        stat(
          'Rejected',
          'percentunit',
          'The share of settled orders that were rejected for want of stock.',
          quietQuery(
            `${rate('order_settle_seconds_count{outcome="rejected"}')} / ${rate('order_settle_seconds_count')}`,
            'rejected',
          ),
          { limits: { warn: 0.05, bad: 0.2 } },
        ),
        stat(
          'Settled, p99',
          's',
          'From the acceptance of an order until its stock was taken or refused.',
          query(
            'histogram_quantile(0.99, sum by (le) (rate(order_settle_seconds_bucket[$__rate_interval])))',
            'p99',
          ),
          { limits: { warn: 1, bad: 5 } },
        ),
        stat(
          'Mailed, p99',
          's',
          'From the acceptance of an order until the mail server had its e-mail: the whole way.',
          query(
            'histogram_quantile(0.99, sum by (le) (rate(order_mail_seconds_bucket[$__rate_interval])))',
            'p99',
          ),
          { limits: { warn: 5, bad: 30 } },
        ),
      ],
    },
    {
      title: 'How long it takes',
      panels: [
        lines(
          'Accepting an order',
          's',
          'The answer to POST /v1/orders: one transaction, whatever follows from it.',
          percentiles(
            'http_server_request_duration_seconds_bucket{method="POST", route="/v1/orders", status_class="2xx"}',
          ),
          { limits: { bad: 0.1 }, alerts: ['HttpLatencyHigh'] },
        ),
        lines(
          'From acceptance to the outcome',
          's',
          'Relay, queue and job together.',
          percentiles('order_settle_seconds_bucket'),
          { limits: { bad: 5 } },
        ),
        lines(
          'From acceptance to the e-mail',
          's',
          'End to end. Mails of one hour ago that were sent now stand here with an hour.',
          percentiles('order_mail_seconds_bucket'),
          { limits: { bad: 30 } },
        ),
        lines(
          'Where the time goes, p95',
          's',
          'Relaying the message, waiting in the queue, and the job itself, by queue. The slowest stage limits the flow.',
          [
            query(
              `histogram_quantile(0.95, sum by (le, queue) (rate(outbox_publish_lag_seconds_bucket{${FLOW}}[$__rate_interval])))`,
              'relay {{queue}}',
            ),
            query(
              `histogram_quantile(0.95, sum by (le, queue) (rate(queue_wait_seconds_bucket{${FLOW}}[$__rate_interval])))`,
              'wait {{queue}}',
            ),
            query(
              `histogram_quantile(0.95, sum by (le, queue) (rate(queue_run_seconds_bucket{${FLOW}}[$__rate_interval])))`,
              'run {{queue}}',
            ),
          ],
        ),
      ],
    },
    {
      title: 'What is on its way',
      panels: [
        lines(
          'Messages not yet published',
          'short',
          'Rows of the outbox that the relay has still to hand to the queue.',
          quietQuery(`max by (queue) (outbox_pending{${FLOW}})`, '{{queue}}'),
          { alerts: ['OutboxStuck'] },
        ),
        lines(
          'Jobs not yet done',
          'short',
          'Waiting and active jobs of the queues that an order goes through.',
          quietQuery(
            `max by (queue, state) (queue_jobs{${FLOW}, state=~"waiting|active|delayed"})`,
            '{{queue}} {{state}}',
          ),
          { alerts: ['QueueLong'] },
        ),
        lines(
          'The oldest message that is not done',
          's',
          'For how long the order that has waited longest has been waiting, by the step that it waits for.',
          quietQuery(`max by (queue) (outbox_oldest_undone_seconds{${FLOW}})`, '{{queue}}'),
          { limits: { warn: 300, bad: 1_800 }, alerts: ['OutboxNotDone'] },
        ),
        lines(
          'Mails, by what came of them',
          'ops',
          'Refused: for good, a dead letter each. Deferred: an attempt. Unavailable: no mail server. Throttled: put off for a limit.',
          query('sum by (result) (rate(mails_total[$__rate_interval]))', '{{result}}'),
          { alerts: ['MailsRefused', 'MailsThrottled'] },
        ),
        lines(
          'Attempts that did not succeed',
          'reqps',
          'Attempts a second that failed, died, were lost or held back, of the queues that an order goes through.',
          quietQuery(
            `sum by (queue, outcome) (rate(queue_jobs_total{${FLOW}, outcome!="completed"}[$__rate_interval]))`,
            '{{queue}} {{outcome}}',
          ),
          { alerts: ['QueueFailureRatioHigh'] },
        ),
      ],
    },
    {
      title: 'Warehouse',
      panels: [
        lines(
          'How far behind the warehouse is',
          's',
          'Since the moment up to which it has all changes. It grows between two syncs, and while an open transaction or a failure holds it.',
          quietQuery('max(warehouse_behind_seconds)', 'behind'),
          { limits: { warn: 1_800, bad: 3_600 }, alerts: ['WarehouseBehind'] },
        ),
        lines(
          'Rows written to the warehouse',
          'ops',
          'New ones and changed ones, a second, and Parquet files.',
          [
            quietQuery('sum by (table) (rate(warehouse_rows_total[$__rate_interval]))', '{{table}}'),
            quietQuery(
              'sum by (table) (rate(warehouse_files_total[$__rate_interval]))',
              'files of {{table}}',
            ),
          ],
        ),
        lines(
          'Syncs, by how they ended',
          'short',
          'Of the last hour.',
          quietQuery('sum by (outcome) (increase(warehouse_syncs_total[1h]))', '{{outcome}}'),
          { alerts: ['WarehouseBehind'] },
        ),
      ],
    },
  ],
};
