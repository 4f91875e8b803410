import { connectFaultOf } from '@fourfold/db-routing';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';

export const breakerStates = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof breakerStates)[number];

/** One may be lost, or late because this process was busy. */
const PROBES_THAT_OPEN = 2;
/** How long a probe that was answered stands: a fault that comes from elsewhere must not make one after another. */
const TRUST_MS = 100;

const stateOf: Partial<Record<CircuitState, BreakerState>> = {
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
};

/**
 * Keeps callers from waiting for a shard that is down.
 *
 * States: `closed` → `open`, when a suspicion (a broken connection, an answer that is late) was followed by two probes
 * in a row that got no answer → `half-open` every `retryAfterMs`, for as long as one probe takes → `closed` when it was
 * answered, else `open` again. It is the probe that is tried and never a caller: no caller waits for a shard that is
 * known to be down, it is taken up again without any traffic, and a caller's own short deadline, a slow statement or a
 * pool that is used up open nothing.
 */
export class ShardBreaker {
  private readonly circuit = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(PROBES_THAT_OPEN),
    // At once, whenever a probe is made: cockatiel would go by a wall clock that may step back.
    halfOpenAfter: -Infinity,
  });
  private investigating = false;
  private trustedUntilMs = 0;
  private nextTrialMs = 0;
  private trial: NodeJS.Timeout | undefined;
  private ended = false;

  /**
   * @param probe resolves when the shard answers, and ends by itself within a deadline
   * @param onOpen what to do about calls that are under way
   */
  constructor(
    private readonly probe: () => Promise<void>,
    private readonly retryAfterMs: number,
    onOpen: () => void,
  ) {
    this.circuit.onBreak(() => {
      if (this.ended) return;
      this.nextTrialMs = performance.now() + this.retryAfterMs;
      this.trial = setTimeout(() => void this.ask(), this.retryAfterMs).unref();
      onOpen();
    });
  }

  get state(): BreakerState {
    return stateOf[this.circuit.state] ?? 'closed';
  }

  /** Why a call must not be made now; undefined while it may. */
  get refusal(): string | undefined {
    if (this.state === 'closed') return undefined;
    const failure = this.circuit.lastFailure;
    const fault = (failure && 'error' in failure && connectFaultOf(failure.error)) || 'no answer';
    const inMs = Math.max(0, Math.ceil(this.nextTrialMs - performance.now()));
    const next = this.state === 'half-open' ? 'being tried right now' : `tried again in ${inMs} ms`;
    return `its breaker is open (${fault}), and it is ${next}`;
  }

  /** A call failed, or takes long, in a way that may be the shard's fault. */
  suspect(): void {
    if (this.investigating || this.ended || this.state !== 'closed') return;
    if (performance.now() < this.trustedUntilMs) return;
    void this.investigate();
  }

  /** For good: no more probes. */
  end(): void {
    this.ended = true;
    clearTimeout(this.trial);
  }

  private async investigate(): Promise<void> {
    this.investigating = true;
    while (!(await this.ask()) && this.state === 'closed' && !this.ended);
    this.investigating = false;
  }

  /** @returns whether it answered. */
  private async ask(): Promise<boolean> {
    try {
      await this.circuit.execute(this.probe);
      this.trustedUntilMs = performance.now() + TRUST_MS;
      return true;
    } catch {
      return false;
    }
  }
}
