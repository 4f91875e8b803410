import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SMTPServer, SMTPServerSession } from 'smtp-server';
import { gate } from './gate.js';

/** A mail as it came, with its envelope. */
export interface ReceivedMail {
  to: string[];
  /** With its angle brackets. */
  messageId: string;
  /** Header and body. */
  source: string;
}

/** `550 5.1.1 no such user` refuses; `drop` ends the connection without a word; a promise holds the answer until it settles. */
export type SmtpAnswer = string | undefined;
type Answering<T> = (what: T) => SmtpAnswer | Promise<SmtpAnswer>;

export interface SmtpAnswers {
  /** To a connection, in place of the greeting. */
  greeting?: Answering<void>;
  recipient?: Answering<string>;
  /** To a mail that has come as a whole. One that is dropped counts as received. */
  data?: Answering<ReceivedMail>;
}

/** An answer that waits. */
export interface SlowAnswer {
  /** Resolves when it is due for the first time. */
  readonly due: Promise<void>;
  /** From now on it is given at once. */
  open(): void;
}

/** A mail server that answers as a test wants it to: no mail catcher refuses anything. Speaks real SMTP (smtp-server). */
export class SmtpServerFixture {
  /** All that came as a whole, also those whose sender was told otherwise. */
  readonly received: ReceivedMail[] = [];
  answers: SmtpAnswers = {};
  private readonly sockets = new Map<number, Socket>();
  private server: SMTPServer | undefined;
  private port = 0;

  static async start(answers: SmtpAnswers = {}): Promise<SmtpServerFixture> {
    const fixture = new SmtpServerFixture();
    fixture.answers = answers;
    await fixture.listen();
    return fixture;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** Has each kind of answer wait until the test opens it. */
  slowAnswers(): Record<keyof SmtpAnswers, SlowAnswer> {
    const held = () => {
      const [due, may] = [gate(), gate()];
      const answer = (): Promise<undefined> => {
        due.open();
        return may.passed.then(() => undefined);
      };
      return { answer, due: due.passed, open: () => may.open() };
    };
    const [greeting, recipient, data] = [held(), held(), held()];
    this.answers = { greeting: greeting.answer, recipient: recipient.answer, data: data.answer };
    return { greeting, recipient, data };
  }

  with(messageId: string): ReceivedMail[] {
    return this.received.filter((mail) => mail.messageId === messageId);
  }

  /** At the port that it had before. */
  async listen(): Promise<void> {
    // Here, as every test imports what this file is a part of.
    const { SMTPServer } = await import('smtp-server');
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      closeTimeout: 1,
      onConnect: (session, done) => void this.answer(session, done, () => this.answers.greeting?.()),
      onRcptTo: ({ address }, session, done) =>
        void this.answer(session, done, () => this.answers.recipient?.(address)),
      onData: (stream, session, done) =>
        void text(stream).then((source) => {
          const mail = mailOf(source, session);
          this.received.push(mail);
          return this.answer(session, done, () => this.answers.data?.(mail));
        }, done),
    });
    server.on('error', () => {}); // of one connection, whose client has gone
    server.server.on('connection', (socket: Socket) => {
      const { remotePort = 0 } = socket;
      this.sockets.set(remotePort, socket);
      socket.once('close', () => this.sockets.delete(remotePort));
    });
    await once(server.listen(this.port, '127.0.0.1'), 'listening');
    this.port = (server.server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Takes no connection any more, and breaks those that there are. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets.values()) socket.destroy();
    await closed;
  }

  private async answer(
    { remotePort }: SMTPServerSession,
    done: (error?: Error) => void,
    ask: () => SmtpAnswer | Promise<SmtpAnswer>,
  ): Promise<void> {
    const answer = await ask();
    if (answer === undefined) return done();
    if (answer === 'drop') return void this.sockets.get(remotePort)?.destroy();
    const [, code = '550', said = ''] = /^(\d{3}) ?(.*)$/.exec(answer) ?? [];
    done(Object.assign(new Error(said), { responseCode: Number(code) }));
  }
}

function mailOf(source: string, { envelope }: SMTPServerSession): ReceivedMail {
  const to = envelope.rcptTo.map(({ address }) => address);
  return { to, source, messageId: /^message-id:\s*(\S+)/im.exec(source)?.[1] ?? '' };
}
