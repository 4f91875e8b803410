import type { Board } from '../board.js';
import { cache } from './cache.js';
import { database } from './database.js';
import { orderFlow } from './order-flow.js';
import { overview } from './overview.js';
import { processes } from './processes.js';
import { queues } from './queues.js';
import { shards } from './shards.js';

export const boards: readonly Board[] = [overview, orderFlow, database, cache, queues, shards, processes];
