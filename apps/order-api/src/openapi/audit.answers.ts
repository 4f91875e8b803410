import { idSchema } from '@shop/contracts';
import { z } from 'zod';

export const recordedAction = z
  .object({
    id: idSchema,
    at: z.iso.datetime().describe('When it began'),
    actor: z.string().describe('`sub` of the token'),
    action: z.string().describe('Method and route'),
    target: z.string().describe('The path that was asked for'),
    address: z.string().describe('Where the request came from'),
    requestId: z.string(),
    status: z.int().nullable().describe('Of the answer; null while there is none, or where it is not known'),
  })
  .meta({ id: 'OperatorAction' });
