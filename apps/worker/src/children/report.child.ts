import 'reflect-metadata';
import { setPriority } from 'node:os';
import { serveJobs } from '@fourfold/queue';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { ReportChildModule } from './report-child.module.js';

/** Behind what callers and other jobs wait for, on a machine that has not enough for all. */
setPriority(10);
const app = await NestFactory.createApplicationContext(ReportChildModule, { bufferLogs: true });
app.useLogger(app.get(Logger));
serveJobs(app);
