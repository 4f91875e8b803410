import { describe, expect, it } from 'vitest';
import { markup } from './html.js';
import { written } from './mail.document.js';
import { printable } from './printable.js';

const all = written({
  subject: 'A subject',
  heading: 'A heading',
  paragraphs: ['First.', 'Second.'],
  facts: [
    ['Order', '42'],
    ['Total', '£1.00'],
  ],
  link: { label: 'Open it', url: 'https://shop.example/a' },
  note: 'A note.',
});

describe('a mail', () => {
  it('says the same as text and as HTML', () => {
    expect(all.text).toBe(
      'First.\n\nSecond.\n\nOrder: 42\nTotal: £1.00\n\nOpen it:\nhttps://shop.example/a\n\nA note.\n\nFourfold\n',
    );
    const words = all.html
      .replace(/<title>.*<\/title>/, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .split(/\s+/)
      .filter(Boolean)
      .join(' ');
    expect(words).toBe('A heading First. Second. Order 42 Total £1.00 Open it A note. Fourfold');
  });

  it('needs nothing from elsewhere, names its language, and labels its table', () => {
    expect(all.html).not.toMatch(/<(img|link|script|style|iframe|object)\b|\bsrc=|url\(|@import/i);
    expect(all.html.match(/https?:[^"<]*/g)).toEqual(['https://shop.example/a']);
    expect(all.html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(all.html).toContain('<meta charset="utf-8">');
    expect(all.html).toContain('<th scope="row" ');
    expect(all.html).not.toMatch(/color|background/);
  });

  it('has each value made printable and escaped, wherever it stands', () => {
    const odd = `<b>"x"&'y'\r\nBcc: z`;
    const mail = written({
      subject: odd,
      heading: odd,
      paragraphs: [odd],
      facts: [[odd, odd]],
      link: { label: odd, url: odd },
      note: odd,
    });
    const escaped = '&lt;b&gt;&quot;x&quot;&amp;&#39;y&#39; Bcc: z';
    expect(mail.subject).toBe(`<b>"x"&'y' Bcc: z`);
    expect(mail.html.split(escaped)).toHaveLength(9);
    expect(mail.html).not.toContain('<b>');
    expect(mail.text).not.toMatch(/^Bcc/m);
  });
});

describe('markup', () => {
  it('escapes text, and leaves what is HTML already', () => {
    const list = [markup`<b>`, markup`</b>`];
    expect(markup`<p title="${'"'}">${'<'}${markup`<i>${'&'}</i>`}${list}</p>`.source).toBe(
      '<p title="&quot;">&lt;<i>&amp;</i><b></b></p>',
    );
  });
});

describe('printable', () => {
  it.each([
    ['plain', 'plain'],
    ['李 Ω é 👩\u200D🚀', '李 Ω é 👩\u200D🚀'],
    ['a\r\n.\r\nb', 'a . b'],
    ['a\u0000\u001B[31m\u009Bb', 'a [31m b'],
    ['a\u202Ecod\u2066b', 'a cod b'],
    ['a\u2028b\u2029', 'a b'],
    ['a\uD800b', 'a\uFFFDb'],
  ])('%j is %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});
