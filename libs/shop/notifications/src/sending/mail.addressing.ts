import type { UserView } from '@shop/contracts';
import type { SendMailOptions } from 'nodemailer';

/** An encoded word holds at most 75 characters: 45 bytes in base64, and the marks around them (RFC 2047, section 2). */
const MOST_BYTES = 45;
/** What nodemailer takes for a header of plain text, and this file turns into `To`. */
const PREPARED_TO = 'X-Prepared-To';

/**
 * From whom and to whom a mail goes, by the name as it is stored. nodemailer writes a name of ASCII as a quoted string,
 * in which many mail programs decode what looks like an encoded word (`=?utf-8?Q?Ada?=`): such a name is encoded here as
 * a whole. As nodemailer would quote that too, its `To` is made of a header that it does not know.
 */
export function addressing(from: string, { name, email }: Pick<UserView, 'name' | 'email'>): SendMailOptions {
  if (!name.includes('=?')) return { from, to: { name, address: email } };
  return {
    from,
    envelope: { from, to: email },
    headers: { [PREPARED_TO]: `${encodedWords(name)} <${email}>` },
    normalizeHeaderKey: (key) => (key === PREPARED_TO ? 'To' : key),
  };
}

/** Decoders drop the space between two encoded words. No character is split between two of them. */
function encodedWords(text: string): string {
  const pieces = [''];
  for (const character of text) {
    const longer = pieces.at(-1)! + character;
    if (Buffer.byteLength(longer) > MOST_BYTES) pieces.push(character);
    else pieces[pieces.length - 1] = longer;
  }
  return pieces.map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`).join(' ');
}
