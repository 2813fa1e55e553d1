/** The name space of every S3 answer but errors. */
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** How every document begins. */
export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Builds one XML document, front to back. */
export class XmlWriter {
  #text = xmlDeclaration;

  open(name: string, attributes = ''): this {
    this.#text += attributes === '' ? `<${name}>` : `<${name} ${attributes}>`;
    return this;
  }

  close(name: string): this {
    this.#text += `</${name}>`;
    return this;
  }

  text(value: string): this {
    this.#text += escapeXml(value);
    return this;
  }

  /** An element that holds text; left out when there is no value. */
  element(name: string, value: string | number | boolean | undefined): this {
    if (value === undefined) return this;
    const text = typeof value === 'string' ? escapeXml(value) : String(value);
    this.#text += `<${name}>${text}</${name}>`;
    return this;
  }

  toString(): string {
    return this.#text;
  }
}

/** Opens an answer's root element in S3's name space. */
export function s3Document(root: string): XmlWriter {
  return new XmlWriter().open(root, `xmlns="${s3Namespace}"`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
const special = /[&<>"\x00-\x1f\x7f\ufffe\uffff]/g;

/**
 * Characters that XML 1.0 forbids become numeric references, as AWS sends them: a client that wants
 * a document that every parser takes asks for `encoding-type=url`. Line ends become references too,
 * or parsers would normalise them.
 */
export function escapeXml(text: string): string {
  return text.replace(special, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      default:
        return `&#x${character.charCodeAt(0).toString(16)};`;
    }
  });
}

/** A time as S3's XML writes it: ISO 8601 in UTC, milliseconds always zero. */
export function xmlTime(unixMs: number): string {
  return new Date(unixMs - (unixMs % 1000)).toISOString();
}

/** `encoding-type=url`: everything but unreserved characters and `/` escaped as UTF-8 bytes. */
export function urlEncode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
