import { Inject } from '@nestjs/common';

export const QUEUE_DEFINITIONS = Symbol('QUEUE_DEFINITIONS');

export const InjectQueueDefinitions = (): ParameterDecorator => Inject(QUEUE_DEFINITIONS);
