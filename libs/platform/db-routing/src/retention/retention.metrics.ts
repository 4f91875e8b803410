import { counter, gauge } from '@fourfold/observability/metrics';

/** Of tables whose rows are deleted when they are old enough. */
export const retentionMetrics = () => ({
  cleaned: counter({
    name: 'db_cleaned_rows_total',
    help: 'Rows deleted because they had been kept for as long as they are to be',
    labelNames: ['table'],
  }),
  oldest: gauge({
    name: 'db_oldest_row_seconds',
    help: 'Age of the oldest row that is deleted when it is old enough, 0 where there is none',
    labelNames: ['table'],
  }),
});
