import { Module } from '@nestjs/common';
import { CountOrders } from './counting/count-orders.command.js';
import { CountingMetrics } from './counting/counting.metrics.js';
import { PairStore } from './counting/pair.store.js';
import { AnswerMetrics } from './recommending/answer.metrics.js';
import { NeighbourReader } from './recommending/neighbour.reader.js';
import { Recommender } from './recommending/recommender.js';

/** For a process that counts what orders have together. Needs an implementation of `OrderBaskets` in a global module. */
@Module({ providers: [CountingMetrics, PairStore, CountOrders], exports: [CountOrders] })
export class OrderCountingModule {}

/**
 * For a process that recommends. Needs implementations of `OrderBaskets`, `ProductCatalogue` and `BestSellers`, a
 * `DataSource` and the cache with `recommendationsNamespaces` in global modules.
 */
@Module({ providers: [AnswerMetrics, NeighbourReader, Recommender], exports: [Recommender] })
export class RecommendationsModule {}
