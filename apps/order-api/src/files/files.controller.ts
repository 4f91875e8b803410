import { LinkedObjects, type LinkQuery } from '@fourfold/object-storage';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { allow } from '../auth/access.js';

/**
 * Files of a storage that is a folder, by links that are signed and expire: who has the link needs no token. With S3 links
 * lead to S3, and every path here is 404.
 */
@Controller('v1/files')
export class FilesController {
  constructor(private readonly files: LinkedObjects) {}

  @Get('*')
  @RouteConfig(allow('public'))
  async get(@Param('*') key: string, @Query() query: LinkQuery, @Res() reply: FastifyReply): Promise<void> {
    const { body, bytes, contentType, fileName } = await this.files.open(key, query);
    await reply
      .headers({
        'Content-Type': contentType,
        'Content-Length': bytes,
        'Content-Disposition': `attachment; filename="${fileName}"`,
        'Cache-Control': 'private, no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      .send(body);
  }
}
