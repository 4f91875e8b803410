import { TimeBudget } from '@fourfold/kernel';

/** The time of a request whose client may hang up. */
export class LeavingRequest extends TimeBudget {
  isGone = false;

  constructor(ms = 600_000) {
    super(performance.now() + ms, () => this.isGone);
  }
}
