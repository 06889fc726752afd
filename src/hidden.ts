/**
 * What a reader does not see, or what moves the reader's eye or cursor: control and format characters (terminal escapes,
 * marks that turn the direction of writing, zero-width and tag characters), line separators, lone surrogates. Left alone
 * are the line feed, the tab, and the two marks that choose between text and emoji.
 */
const HIDDEN = /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Every hidden character is shown as its escape, e.g. `\u001b`. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, escaped);
}

function escaped(char: string): string {
  const code = char.codePointAt(0) as number;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
