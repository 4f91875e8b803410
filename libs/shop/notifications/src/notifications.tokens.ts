import { Inject } from '@nestjs/common';

export const MAIL_TRANSPORT = Symbol('MAIL_TRANSPORT');
export const SENDER = Symbol('SENDER');
export const SMTP_URL = Symbol('SMTP_URL');

export const InjectMailTransport = (): ParameterDecorator => Inject(MAIL_TRANSPORT);
export const InjectSender = (): ParameterDecorator => Inject(SENDER);
