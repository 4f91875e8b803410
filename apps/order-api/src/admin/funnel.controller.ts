import { Controller, Get } from '@nestjs/common';
import { type FunnelHour, funnelQuery, FunnelReader, type FunnelRange } from '@shop/analytics';
import type { Page } from '@shop/contracts';
import { OperatorOnly } from '../auth/access.js';
import { ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';

@Controller('v1/admin/funnel')
export class FunnelController {
  constructor(private readonly funnel: FunnelReader) {}

  @Get()
  @OperatorOnly()
  @Answers(200, 'funnel')
  @Operation('What became of orders, hour by hour')
  async hours(@ValidQuery(funnelQuery) range: FunnelRange): Promise<Page<FunnelHour>> {
    return { items: await this.funnel.hours(range), nextCursor: null };
  }
}
