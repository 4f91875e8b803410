import { parseExpression, thresholdsOf } from '@fourfold-tools/alerts';
import { expect, it } from 'vitest';
import type { Limits } from './board.js';
import { boards } from './boards/index.js';
import { alerts } from './own.js';

/** Where red would begin by each comparison of an alert, as `≥ 10` or `< 0.8`. Counts are whole numbers: over 0 is from 1 on. */
function redBy(alert: string): string[] {
  const { expr } = alerts.find((one) => one.alert === alert)!;
  return thresholdsOf(parseExpression(expr.trim())).flatMap(({ operator, bound }) => {
    if (operator === '<') return [`< ${bound}`];
    if (operator === '==') return bound === 0 ? ['< 1'] : [`≥ ${bound}`];
    return bound === 0 ? ['≥ 0', '≥ 1'] : [`≥ ${bound}`];
  });
}
const redOf = ({ bad, below }: Limits) => `${below ? '<' : '≥'} ${bad}`;
/** Their bounds are multiples of the budget, which panels show as availability or as what is left. */
const ofTheObjective = (alert: string) => alert.startsWith('SloBurnRate');

it('red begins where an alert that the panel links to fires', () => {
  const wrong = boards.flatMap(({ slug, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, limits, alerts: linked = [] }) => {
        const bounds = linked.filter((alert) => !ofTheObjective(alert)).flatMap(redBy);
        return !limits || bounds.length === 0 || bounds.includes(redOf(limits))
          ? []
          : [`${slug}: ${title}: red ${redOf(limits)}, ${linked.join(' and ')} ${bounds.join(' or ')}`];
      }),
    ),
  );
  expect(wrong).toEqual([]);
});
