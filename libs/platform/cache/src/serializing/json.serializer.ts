import { deepFreeze } from './deep-freeze.js';
import type { CachedValue, Serializer } from './serializer.js';
import { assertPlain } from './assert-plain.js';

const JSON_FORMAT = 0x4a;

/** Never the Redis store's own telejson: it turns user text into functions. */
export class JsonSerializer implements Serializer {
  readonly format = JSON_FORMAT;

  encode(value: NonNullable<unknown>): Buffer {
    assertPlain(value, 'the value', () => false);
    const json = JSON.stringify(value);
    const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(json));
    bytes[0] = JSON_FORMAT;
    bytes.write(json, 1);
    return bytes;
  }

  decode(bytes: Buffer, from: number): CachedValue {
    const value: unknown = JSON.parse(bytes.toString('utf8', from + 1));
    return { value, heapBytes: deepFreeze(value) };
  }
}
