import { describe, expect, it } from 'vitest';
import { mailFault } from './mail.faults.js';

const reply = (code: string, command: string, response: string) =>
  Object.assign(new Error('failed'), {
    code,
    command,
    response,
    responseCode: Number.parseInt(response, 10),
  });
const silence = (code: string, command: string, originalCode?: string) =>
  Object.assign(new Error('failed'), { code, command, originalCode });

describe('a failure to send a mail is', () => {
  it.each([
    ['mail-refused', reply('EENVELOPE', 'RCPT TO', '550 5.1.1 unknown')],
    ['mail-refused', reply('EENVELOPE', 'RCPT TO', '553 5.1.3 bad address')],
    ['mail-refused', reply('EENVELOPE', 'DATA', '554 5.7.1 not wanted')],
    ['mail-refused', reply('EMESSAGE', 'DATA', '552 5.3.4 too large')],
    ['mail-refused', silence('EENVELOPE', 'API')],
    ['mail-refused', silence('EMESSAGE', 'MAIL FROM')],
    ['mail-deferred', reply('EENVELOPE', 'RCPT TO', '450 4.2.1 busy')],
    ['mail-deferred', reply('EENVELOPE', 'RCPT TO', '451 4.7.1 greylisted')],
    ['mail-deferred', reply('EMESSAGE', 'DATA', '452 4.3.1 full')],
    ['mail-deferred', reply('EENVELOPE', 'DATA', '503 no valid recipients')],
    ['mail-deferred', reply('EENVELOPE', 'MAIL FROM', '550 5.7.1 sender refused')],
    ['mail-deferred', reply('EENVELOPE', 'MAIL FROM', '451 4.3.0 not now')],
    ['mail-unavailable', reply('EENVELOPE', 'RCPT TO', '421 4.3.2 closing')],
    ['mail-unavailable', reply('ECONNECTION', 'CONN', '421 4.3.2 closing')],
    ['mail-unavailable', reply('EPROTOCOL', 'CONN', '554 not you')],
    ['mail-unavailable', reply('EAUTH', 'AUTH PLAIN', '535 5.7.8 wrong password')],
    ['mail-unavailable', reply('EAUTH', 'AUTH PLAIN', '454 4.7.0 not now')],
    ['mail-unavailable', silence('ESOCKET', 'CONN', 'ECONNREFUSED')],
    ['mail-unavailable', silence('ECONNECTION', 'CONN')],
    ['mail-unavailable', silence('ETIMEDOUT', 'CONN')],
    ['mail-unavailable', silence('EDNS', 'CONN')],
    ['mail-unavailable', silence('EABORT', 'API')],
  ])('%s: %o', (code, error) => {
    expect(mailFault(error)).toMatchObject({ code });
  });

  it('another error, where it is none of the mail server', () => {
    const error = new TypeError('a defect');
    expect(mailFault(error)).toBe(error);
  });
});

it('has the reply in its text, on one line and without addresses, and the error of nodemailer nowhere', () => {
  const refused = mailFault(
    reply('EENVELOPE', 'RCPT TO', '550-5.1.1 <ada@example.com>:\r\n550 5.1.1 ada@example.com is no user'),
  ) as Error;
  expect(refused.message).toContain('(RCPT TO: 550-5.1.1 <…@…>: 550 5.1.1 …@… is no user)');
  expect(refused.cause).toBeUndefined();
  const away = mailFault(silence('ESOCKET', 'CONN', 'ECONNREFUSED')) as Error;
  expect(away.message).toContain('(ECONNREFUSED)');
});
