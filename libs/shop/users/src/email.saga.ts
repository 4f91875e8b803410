/**
 * One sign-up, or one change of an address: what its rows and its end are known by.
 *
 * An address is on its own shard and its user on another, and no transaction spans both. So each step before the last
 * leaves something behind that says when it is to be made good by others:
 *
 * 1. `reserve`: the new address is `reserved` for the user, until a deadline. A change also puts the old one in
 *    question (`leave`): `reserved` as well, until a deadline.
 * 2. The user's row is written, in one transaction with a look whether the saga has been ended. This is the decision;
 *    from here on the user has the new address, whatever happens.
 * 3. `confirm` the new address, `release` the old one.
 *
 * A process that finds a row past its deadline, in the sweep or for a user who wants the address, first ends the saga
 * on the user's shard, so that step 2 can't happen any more, and then looks what the user has: that is confirmed, all
 * else released. How long that is waited for depends on clocks, but not what comes of it: a saga that is only slow
 * either wrote in time or never will. Ends are kept for three days, and 12 hours after the time in its id a saga may
 * not write any more, by the clock of the user's shard: clocks would have to differ by hours for an end to be forgotten
 * too early.
 */
export interface EmailSaga {
  /** A Snowflake, never used twice. Of a sign-up it is the user's id. */
  readonly id: string;
  readonly userId: string;
}
