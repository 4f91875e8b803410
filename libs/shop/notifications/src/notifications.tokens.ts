import { Inject } from '@nestjs/common';

export const MAIL_TRANSPORT = Symbol('MAIL_TRANSPORT');
export const NOTIFICATIONS_OPTIONS = Symbol('NOTIFICATIONS_OPTIONS');

export const InjectMailTransport = (): ParameterDecorator => Inject(MAIL_TRANSPORT);
export const InjectNotificationsOptions = (): ParameterDecorator => Inject(NOTIFICATIONS_OPTIONS);
