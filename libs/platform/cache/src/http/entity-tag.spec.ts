import { describe, expect, it } from 'vitest';
import { entityTag, matchesNone } from './entity-tag.js';

describe('entityTag', () => {
  it('is strong, the same for the same body and another for another', () => {
    expect(entityTag('{"a":1}')).toMatch(/^"[\da-f]{32}"$/);
    expect(entityTag('{"a":1}')).toBe(entityTag('{"a":1}'));
    expect(entityTag('{"a":1}')).not.toBe(entityTag('{"a":2}'));
  });
});

describe('matchesNone', () => {
  it.each([
    ['no header', undefined, '"a"', true],
    ['the same tag', '"a"', '"a"', false],
    ['another tag', '"b"', '"a"', true],
    ['a weak form of the same', 'W/"a"', '"a"', false],
    ['a strong form of a weak one', '"a"', 'W/"a"', false],
    ['a list that has it', '"b", W/"a" ,"c"', '"a"', false],
    ['a list that does not', '"b","c"', '"a"', true],
    ['a tag with a comma inside', '"x,y"', '"x,y"', false],
    ['parts of a tag with a comma', '"x","y"', '"x,y"', true],
    ['any answer at all', ' * ', '"a"', false],
    ['a star that is a tag', '"*"', '"a"', true],
    ['what is not quoted', 'a', '"a"', true],
    ['an empty header', '', '"a"', true],
  ])('%s', (_what, ifNoneMatch, etag, expected) => {
    expect(matchesNone(ifNoneMatch, etag)).toBe(expected);
  });
});
