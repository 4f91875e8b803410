/** How files begin that are often taken for a CSV in UTF-8, and what to do with them. */
const OTHER_FORMATS: readonly (readonly [start: readonly number[], advice: string])[] = [
  [[0x1f, 0x8b], 'compressed with gzip; unpack the file first: gunzip'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip file or a spreadsheet; unpack it, or save it as CSV in UTF-8, first'],
  [[0xff, 0xfe], utf16('UTF-16')],
  [[0xfe, 0xff], utf16('UTF-16')],
  // Without a byte order mark: the first letter of the header.
  [[0x49, 0x00], utf16('UTF-16LE')],
  [[0x00, 0x49], utf16('UTF-16BE')],
];

/** What the file is and what to do, in words, where its first bytes show that it is no CSV in UTF-8. */
export function otherFormatOf(bytes: Uint8Array): string | undefined {
  return OTHER_FORMATS.find(([start]) => start.every((byte, at) => bytes[at] === byte))?.[1];
}

function utf16(name: string): string {
  return `UTF-16; convert the file first: iconv -f ${name} -t UTF-8`;
}
