import { type Html, markup } from './html.js';
import { printable } from './printable.js';

/** What a mail says, before it is text or HTML. */
export interface MailDocument {
  subject: string;
  /** Of the HTML; the text begins with its first paragraph. */
  heading: string;
  /** Plain text. */
  paragraphs: readonly string[];
  facts?: readonly (readonly [label: string, value: string])[];
  link?: { label: string; url: string };
  /** After all else. */
  note?: string;
}

/** The parts of a mail, which say the same: multipart/alternative. */
export interface MailText {
  subject: string;
  text: string;
  html: string;
}

const SIGNATURE = 'Fourfold';

/**
 * Writes a mail as text and as HTML. Values are made printable and escaped here, wherever they come from: a template
 * can't forget it. The HTML is readable without images, style sheets or anything else from elsewhere, names its language,
 * keeps the colours of the reader's program, and labels its table for screen readers.
 */
export function written(document: MailDocument): MailText {
  const said: MailDocument = {
    subject: printable(document.subject),
    heading: printable(document.heading),
    paragraphs: document.paragraphs.map(printable),
    facts: (document.facts ?? []).map(([label, value]) => [printable(label), printable(value)] as const),
    ...(document.link && {
      link: { label: printable(document.link.label), url: printable(document.link.url) },
    }),
    ...(document.note !== undefined && { note: printable(document.note) }),
  };
  return { subject: said.subject, text: textOf(said), html: htmlOf(said).source };
}

function textOf({ paragraphs, facts = [], link, note }: MailDocument): string {
  const parts = [
    ...paragraphs,
    ...(facts.length > 0 ? [facts.map(([label, value]) => `${label}: ${value}`).join('\n')] : []),
    ...(link ? [`${link.label}:\n${link.url}`] : []),
    ...(note === undefined ? [] : [note]),
    SIGNATURE,
  ];
  return `${parts.join('\n\n')}\n`;
}

function htmlOf({ subject, heading, paragraphs, facts = [], link, note }: MailDocument): Html {
  return markup`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${subject}</title></head>
<body style="max-width: 36em; margin: 1em; font-family: sans-serif; line-height: 1.5">
<h1 style="font-size: 1.3em">${heading}</h1>
${paragraphs.map(paragraphOf)}${tableOf(facts)}${
    link ? markup`<p><a href="${link.url}">${link.label}</a></p>\n` : ''
  }${note === undefined ? '' : paragraphOf(note)}${paragraphOf(SIGNATURE)}</body>
</html>
`;
}

const paragraphOf = (text: string): Html => markup`<p>${text}</p>\n`;

function tableOf(facts: NonNullable<MailDocument['facts']>): Html {
  if (facts.length === 0) return markup``;
  const rows = facts.map(
    ([label, value]) =>
      markup`<tr><th scope="row" style="text-align: left; padding-right: 1em">${label}</th><td>${value}</td></tr>\n`,
  );
  return markup`<table>\n${rows}</table>\n`;
}
