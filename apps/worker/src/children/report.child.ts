import 'reflect-metadata';
import { serveJobs } from '@fourfold/queue';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { ReportChildModule } from './report-child.module.js';

const app = await NestFactory.createApplicationContext(ReportChildModule, { bufferLogs: true });
app.useLogger(app.get(Logger));
serveJobs(app);
