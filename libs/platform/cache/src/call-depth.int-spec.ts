import { console as inspected, Session } from 'node:inspector';
import { describe, expect, it } from 'vitest';
import { useCaches } from './testing/cache-fixture.js';

const fixture = useCaches();
/** Functions that a reader follows from a read to its loader. */
const MOST_CALLS = 8;

interface StackTrace {
  callFrames: { functionName: string; url: string; lineNumber: number }[];
  parent?: StackTrace;
  parentId?: object;
}

/** What a loader was called behind, across promises: the inspector keeps the stack in which each await began. */
class CallStacks {
  private readonly session = new Session();
  private last: StackTrace | undefined;

  constructor() {
    this.session.connect();
    this.session.on('Runtime.consoleAPICalled', ({ params }) => {
      this.last = (params as { stackTrace: StackTrace }).stackTrace;
    });
    this.session.post('Runtime.enable');
    this.session.post('Debugger.enable');
    this.session.post('Debugger.setAsyncCallStackDepth', { maxDepth: 64 });
  }

  /** @returns the calls of this library that are under way, the innermost first */
  now(): string[] {
    inspected.debug('here');
    const calls: string[] = [];
    for (let trace = this.last; trace; trace = this.before(trace)) {
      const frames = trace.callFrames.filter(({ url }) => /cache\/src\/(?!testing)(?!.*spec)/.test(url));
      const names = frames.map(({ functionName, url }) => `${url.split('/').at(-1)} ${functionName}`);
      // An async function that goes on after an await is there already.
      calls.push(...names.slice(names.indexOf(calls.at(-1) ?? '') + 1));
    }
    return calls;
  }

  close(): void {
    this.session.disconnect();
  }

  private before({ parent, parentId }: StackTrace): StackTrace | undefined {
    if (parent || !parentId) return parent;
    let found: StackTrace | undefined;
    this.session.post(
      'Debugger.getStackTrace',
      { stackTraceId: parentId as { id: string } },
      (_error, answer) => {
        found = (answer as { stackTrace: StackTrace }).stackTrace;
      },
    );
    return found;
  }
}

describe('a cold read', () => {
  it(`is at most ${MOST_CALLS} calls away from its loader`, async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const stacks = new CallStacks();
    let calls: string[] = [];
    await cache.getOrLoad('user', '1', async () => {
      calls = stacks.now();
      return 'v';
    });
    stacks.close();
    expect(calls.at(-1)).toContain('getOrLoad');
    expect(calls.length).toBeLessThanOrEqual(MOST_CALLS);
  });
});
