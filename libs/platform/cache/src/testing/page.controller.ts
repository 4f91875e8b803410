import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Injectable,
  type NestInterceptor,
  NotFoundException,
  Param,
  Post,
  Redirect,
  Req,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { Gate } from '@fourfold-tools/testing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { map, type Observable } from 'rxjs';
import { CacheInterceptor } from '../http/cache.interceptor.js';
import { CachedRoute } from '../http/cached-route.decorator.js';

/** How often each handler ran, and what holds those that can be held. */
export const handlers = { runs: {} as Record<string, number>, hold: undefined as Gate<void> | undefined };

function run(name: string): number {
  return (handlers.runs[name] = (handlers.runs[name] ?? 0) + 1);
}

class Account {
  readonly password = 'secret';
  readonly name: string = '';
}

/** Goes by the class of an answer, as ClassSerializerInterceptor does. */
@Injectable()
class StripSecrets implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(map((answer: unknown) => (answer instanceof Account ? { name: answer.name } : answer)));
  }
}

@Controller()
@UseInterceptors(StripSecrets, CacheInterceptor)
@CachedRoute({ namespace: 'page' })
export class PageController {
  @Get('products/:id')
  async product(@Param('id') id: string) {
    const n = run('product');
    await handlers.hold?.passed;
    return { id, n };
  }

  @Post('products/:id')
  change() {
    return { n: run('change') };
  }

  @Get('me')
  @CachedRoute({ namespace: 'page', vary: ({ headers }) => String(headers.authorization) })
  me(@Req() request: FastifyRequest) {
    return { who: request.headers.authorization ?? null, n: run('me') };
  }

  @Get('public')
  @CachedRoute({ namespace: 'page', shared: true })
  public() {
    return { n: run('public') };
  }

  @Get('by-id/:id')
  @CachedRoute({ namespace: 'by-id', id: (request: FastifyRequest) => (request.params as { id: string }).id })
  byId(@Param('id') id: string) {
    return { id, n: run('byId') };
  }

  @Get('headers')
  @Header('X-Static', 'yes')
  headers(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('ETag', 'W/"mine"').header('X-Dynamic', String(run('headers')));
    return { ok: true };
  }

  @Get('fails')
  fails() {
    throw new NotFoundException(String(run('fails')));
  }

  @Get('accepted')
  @HttpCode(202)
  accepted() {
    return { n: run('accepted') };
  }

  @Get('cookie')
  async cookie(@Res({ passthrough: true }) reply: FastifyReply) {
    const n = run('cookie');
    await handlers.hold?.passed;
    reply.header('Set-Cookie', `session=${n}`);
    return { n };
  }

  @Get('file')
  file() {
    return new StreamableFile(Buffer.from(`file ${run('file')}`));
  }

  @Get('stream')
  stream() {
    return Readable.from([`stream ${run('stream')}`]);
  }

  @Get('buffer')
  buffer() {
    return Buffer.from(`buffer ${run('buffer')}`);
  }

  @Get('sent')
  async sent(@Res() reply: FastifyReply) {
    await reply.send({ n: run('sent') });
  }

  @Get('account')
  account() {
    return Object.assign(new Account(), { name: `ada ${run('account')}` });
  }

  @Get('moved')
  @Redirect('/elsewhere', 302)
  moved() {
    return { url: `/elsewhere/${run('moved')}`, statusCode: 302 };
  }
}

@Controller('plain')
@UseInterceptors(CacheInterceptor)
export class PlainController {
  @Get()
  plain() {
    return { n: run('plain') };
  }
}
