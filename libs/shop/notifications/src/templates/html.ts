/** HTML that is meant as such; whatever else a template is given is text. */
export class Html {
  constructor(readonly source: string) {}
}

type Value = string | Html | readonly Html[];

/** A template of HTML: each value is escaped, for text and for attributes in double quotes alike, unless it is `Html` itself. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const source = parts.map((part, index) => part + (index < values.length ? sourceOf(values[index]!) : ''));
  return new Html(source.join(''));
}

function sourceOf(value: Value): string {
  if (typeof value === 'string') return escaped(value);
  return value instanceof Html ? value.source : value.map(({ source }) => source).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
