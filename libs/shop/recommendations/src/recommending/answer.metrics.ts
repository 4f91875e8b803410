import { Injectable } from '@nestjs/common';
import { counter, startAtZero } from '@fourfold/observability/metrics';

const audiences = ['product', 'user'] as const;
const sources = ['pairs', 'both', 'best_sellers'] as const;

export type Audience = (typeof audiences)[number];
export type Source = (typeof sources)[number];

@Injectable()
export class AnswerMetrics {
  private readonly answers = counter({
    name: 'recommendation_answers_total',
    help: 'Recommendations given, for whom or what, and from what they were: products bought together, best sellers, or both',
    labelNames: ['audience', 'source'],
  });

  constructor() {
    startAtZero(this.answers, { audience: audiences, source: sources });
  }

  answered(audience: Audience, source: Source): void {
    this.answers.inc({ audience, source });
  }
}
