import { pageQuery } from '@shop/contracts';
import { z } from 'zod';

/** All that there is fits into one answer, so there is no cursor. */
export const listRecommendationsSchema = z.strictObject({ limit: pageQuery.limit });
export type ListRecommendations = z.output<typeof listRecommendationsSchema>;
