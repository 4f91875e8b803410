import { UncacheableValueError } from './cache.errors.js';
import { deepFreeze } from './deep-freeze.js';

/** What every level hands out: deep-frozen, so that one object can serve all callers. `null` means absent. */
export interface CachedValue {
  readonly value: unknown;
  /** Estimated heap size of `value`, bytes. */
  readonly heapBytes: number;
}

const VERSION = 0x01;
const NIL = 0x4e;
const JSON_VALUE = 0x56;
const NIL_BYTES = Buffer.from([VERSION, NIL]);
/** The nil marker is a kind of record of its own, so no user value can equal it. */
const NIL_VALUE: CachedValue = Object.freeze({ value: null, heapBytes: 16 });

/**
 * Bytes in Redis: version, kind (nil or value), then JSON. Never the store's own telejson: it turns user text into
 * functions.
 */
export class JsonSerializer {
  /**
   * `null` and `undefined` become the nil marker.
   * @throws UncacheableValueError when JSON would change or refuse the value.
   */
  encode(value: unknown): Buffer {
    if (value === null || value === undefined) return NIL_BYTES;
    let json: string | undefined;
    try {
      json = JSON.stringify(value);
    } catch (cause) {
      throw new UncacheableValueError(cause instanceof Error ? cause.message : 'it has no JSON form', cause);
    }
    assertSurvivesJson(value, 'the value');
    const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(json));
    bytes[0] = VERSION;
    bytes[1] = JSON_VALUE;
    bytes.write(json, 2);
    return bytes;
  }

  /** @returns undefined for bytes of another version or a damaged record: the caller takes it as a miss. */
  decode(bytes: Buffer): CachedValue | undefined {
    if (bytes[0] !== VERSION) return undefined;
    if (bytes[1] === NIL) return bytes.length === 2 ? NIL_VALUE : undefined;
    if (bytes[1] !== JSON_VALUE) return undefined;
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8', 2));
      // A value is never encoded as JSON null; such bytes are not ours.
      return value === null ? undefined : { value, heapBytes: deepFreeze(value) };
    } catch {
      return undefined;
    }
  }
}

/** JSON drops or rewrites these in silence, so that the first caller and the cached one would see different things. */
function assertSurvivesJson(value: unknown, path: string): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new UncacheableValueError(`${path} is a ${typeof value}`);
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new UncacheableValueError(`${path} is ${value}`);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => assertSurvivesJson(item, `${path}[${index}]`));
    return;
  }
  if (
    value instanceof Map ||
    value instanceof Set ||
    ArrayBuffer.isView(value) ||
    isPromise(value) ||
    'toJSON' in value
  ) {
    throw new UncacheableValueError(`${path} is a ${value.constructor.name}`);
  }
  for (const [name, item] of Object.entries(value)) assertSurvivesJson(item, `${path}.${name}`);
}

function isPromise(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}
