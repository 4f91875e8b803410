import { IdempotencyInProgressError, IdempotencyKeyReusedError } from '@shop/contracts';
import { Controller, Get, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import { ReadYourWrites } from '@fourfold/db-routing';
import {
  ReportNotFoundError,
  ReportReader,
  type ReportView,
  RequestReport,
  type RequestReportInput,
  requestReportSchema,
} from '@shop/reports';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperatorOnly } from '../auth/access.js';
import { callerKey, CurrentCaller } from '../auth/caller.js';
import { Conditional, encoded, sendConditional } from '../http/conditional.js';
import { IdempotencyKey, keyFrom } from '../http/idempotency-key.js';
import { IdParam, ValidBody } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { IdempotencyKeyMissingError } from '../http/http.errors.js';
import { Operation } from '../routes/operation.js';

@Controller('v1/reports')
export class ReportsController {
  constructor(
    private readonly requestReport: RequestReport,
    private readonly reports: ReportReader,
    private readonly readYourWrites: ReadYourWrites,
  ) {}

  @Post()
  @HttpCode(202)
  @OperatorOnly()
  @IdempotencyKey()
  @Answers(202, 'report', 'Location', 'Idempotency-Replayed')
  @Operation(
    'Asks for a report, which is made in the background',
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    IdempotencyInProgressError,
  )
  async request(
    @CurrentCaller() caller: Caller,
    @Headers('idempotency-key') givenKey: string | undefined,
    @ValidBody(requestReportSchema) body: RequestReportInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReportView> {
    const key = keyFrom(givenKey);
    const { report, replayed } = await this.requestReport.execute({ caller: callerKey(caller), key, body });
    if (replayed) {
      reply.header('Idempotency-Replayed', 'true');
      await this.readYourWrites.coverEarlierWrites();
    }
    reply.header('Location', `/v1/reports/${report.id}`);
    return report;
  }

  @Get(':id')
  @OperatorOnly()
  @Conditional()
  @Answers(200, 'report')
  @Operation('How far a report is, and the link to it', ReportNotFoundError)
  async get(
    @IdParam() id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendConditional(request, reply, encoded(await this.reports.get(id)));
  }
}
