import { catalogEntities } from '@shop/catalog';
import { ordersEntities, ordersShardEntities } from '@shop/orders';
import { usersShardEntities } from '@shop/users';

type Entity = new () => object;

/** Tables of the main cluster that every process of the shop reads or writes. */
export const mainEntities: Entity[] = [...catalogEntities, ...ordersEntities];

/** Tables of the shards. */
export const shardEntities: Entity[] = [...usersShardEntities, ...ordersShardEntities];
