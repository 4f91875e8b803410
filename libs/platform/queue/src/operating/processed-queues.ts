import type { DiscoveryService, Reflector } from '@nestjs/core';
import { PROCESSOR_FOR } from '../processor-for.js';
import type { QueueDefinition } from '../queue.definition.js';

/** The queues that have a `@ProcessorFor` class in this process. */
export function processedQueues(discovery: DiscoveryService, reflector: Reflector): readonly string[] {
  const names = discovery.getProviders().flatMap(({ metatype }) => {
    if (typeof metatype !== 'function') return [];
    return reflector.get<QueueDefinition | undefined>(PROCESSOR_FOR, metatype)?.name ?? [];
  });
  return [...new Set(names)];
}
