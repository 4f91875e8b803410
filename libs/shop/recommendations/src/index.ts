import { CreateBasketCounts1764600000800 } from './migrations/create-basket-counts.migration.js';
import { basketNeighboursCache, productNeighboursCache } from './recommendations.cache.js';

export { type BasketCounts, countBaskets, MOST_PAIRED, pairedOf } from './counting/basket.counts.js';
export { CountingMetrics } from './counting/counting.metrics.js';
export { CountOrders } from './counting/count-orders.command.js';
export { KEPT_PAIRS, type KeptPair, leastOf, MOST_PAIRS } from './counting/kept-pairs.policy.js';
export { PairStore } from './counting/pair.store.js';
export { OrderCountingModule, RecommendationsModule } from './recommendations.module.js';
export { type ListRecommendations, listRecommendationsSchema } from './recommendations.schema.js';
export { NeighbourReader } from './recommending/neighbour.reader.js';
export { Recommender } from './recommending/recommender.js';

/** What this library caches. */
export const recommendationsNamespaces = [productNeighboursCache, basketNeighboursCache];

/** Migrations of the main cluster that this library needs. */
export const recommendationsMigrations = [CreateBasketCounts1764600000800];
