/** The beginning of a text, on one line: at most `charsMax` characters. What it hides is left for those who show it to make plain. */
export function excerpt(text: string, charsMax = 100): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 3).toWellFormed()}...`;
}

export const events = (count: number): string => (count === 1 ? "1 event" : `${count} events`);
