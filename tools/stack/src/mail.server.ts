import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { httpAnswers } from './http-answers.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** maildev: takes every mail by SMTP, delivers none, and shows them on a page (and as JSON under `/api/email`). */
export function mailServer(options: StackOptions): ServerNode {
  const { smtp, mail: web } = options.ports;
  const folder = stateLayout(options).data('mail');
  const script = join(options.repoRoot, 'node_modules', 'maildev', 'dist', 'bin', 'maildev.js');
  return {
    name: 'mail',
    kind: 'smtp',
    ports: ['smtp', 'mail'],
    executables: [],
    optional: false,
    stopGraceMs: 5_000,
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
    },
    command: () => ({
      file: process.execPath,
      args: [
        script,
        ...['--smtp', String(smtp), '--ip', host, '--web', String(web), '--web-ip', host],
        // On disk, so that a restart of the catcher loses no mail that a test or a reader still looks for.
        ...['--mail-directory', folder, '--max-emails', '50000'],
        // Its certificate is self-signed: a client that checks certificates would refuse to talk to it.
        ...['--hide-extensions', 'STARTTLS'],
      ],
      cwd: folder,
      env: { NODE_ENV: 'production' },
    }),
    ready: () => httpAnswers(`http://${host}:${web}/api/healthz`),
    provision: nothingToDo,
    join: nothingToDo,
  };
}
