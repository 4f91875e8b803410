export { type ShopConfig, shopEnv } from './shop.env.js';
export { mainEntities, shardEntities } from './shop.entities.js';
export { shopModules, type ShopOptions } from './shop.modules.js';
