// A process that opens a black hole's listener and tells its parent the listener's number. It spawns the listener
// itself: `BlackHole` is TypeScript, which a process of its own does not run.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../black-hole.listener.mjs', import.meta.url));
const listener = spawn(process.execPath, [script, String(process.pid)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
listener.stdout.once('data', () => process.send(listener.pid));
