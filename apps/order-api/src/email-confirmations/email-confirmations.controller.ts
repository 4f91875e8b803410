import { Controller, HttpCode, Post } from '@nestjs/common';
import {
  ConfirmEmail,
  confirmEmailSchema,
  EmailLinkInvalidError,
  EmailReservationLostError,
} from '@shop/users';
import type { z } from 'zod';
import { OpenToAll } from '../auth/access.js';
import { ValidBody } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { RateLimitedError } from '../rates/rate.errors.js';
import { Operation } from '../routes/operation.js';

@Controller('v1/email-confirmations')
export class EmailConfirmationsController {
  constructor(private readonly confirmEmail: ConfirmEmail) {}

  /** A signature that is wrong costs no query. */
  @Post()
  @HttpCode(200)
  @OpenToAll()
  @Answers(200, 'emailConfirmation')
  @Operation(
    'Confirms an e-mail address by its link',
    EmailLinkInvalidError,
    EmailReservationLostError,
    RateLimitedError,
  )
  async confirm(
    @ValidBody(confirmEmailSchema) { token }: z.output<typeof confirmEmailSchema>,
  ): Promise<{ status: 'confirmed' }> {
    await this.confirmEmail.execute(token);
    return { status: 'confirmed' };
  }
}
