/** Ends of lines, other control characters, and what turns the direction of the text around it. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/** A value as one line of a mail: it can begin no line, header or command of its own, and leaves its neighbours as they are. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(UNPRINTABLE, ' ').trim();
}
