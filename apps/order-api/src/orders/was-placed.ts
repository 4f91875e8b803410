import type { Caller } from '@fourfold/auth';
import type { INestApplicationContext } from '@nestjs/common';
import { PlaceOrder } from '@shop/orders';
import { callerKey } from '../auth/caller.js';
import { PLACE_ORDER } from './orders.controller.js';

/** Asks the primary whether this caller's key has an order already. */
export function wasPlacedIn(app: INestApplicationContext) {
  return (caller: Caller, key: string): Promise<boolean> =>
    app.get(PlaceOrder, { strict: false }).isPlaced({ caller: callerKey(caller), route: PLACE_ORDER, key });
}
