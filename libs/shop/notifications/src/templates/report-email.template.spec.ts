import { expect, it } from 'vitest';
import { reportEmail } from './report-email.template.js';

const link = { url: 'https://shop.example/f?a=1&b="2"', expiresAt: new Date('2026-12-06T10:30:00Z') };

it('says what is ready, where, and until when', () => {
  const { subject, text } = reportEmail({ title: 'Sales in May', reportId: '7' }, link);
  expect(subject).toBe('Report ready: Sales in May');
  expect(text).toContain(`\n${link.url}\n`);
  expect(text).toContain('good until 2026-12-06 10:30 UTC. A new one: GET /v1/reports/7');
});

it('has nothing of a title or an address be read as HTML', () => {
  const { html } = reportEmail({ title: `<script>'&"</script>`, reportId: '7' }, link);
  expect(html).toContain('&lt;script&gt;&#39;&amp;&quot;&lt;/script&gt;');
  expect(html).not.toContain('<script>');
  expect(html).toContain('<a href="https://shop.example/f?a=1&amp;b=&quot;2&quot;">');
});
