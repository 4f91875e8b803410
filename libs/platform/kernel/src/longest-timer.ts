/** The longest wait of a Node.js timer, milliseconds: 24.8 days. It takes anything longer, `Infinity` too, for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
