/**
 * A pattern as a predicate. The pieces between the stars are looked for from left to right, each as early as possible,
 * which is right for globs and never has to go back.
 */
export function compilePattern(pattern: string): (sessionKey: string) => boolean {
  const [first, ...rest] = pattern.split("*") as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return (sessionKey) => sessionKey === pattern;
  return (sessionKey) => {
    const end = sessionKey.length - last.length;
    if (end < first.length || !sessionKey.startsWith(first) || !sessionKey.endsWith(last)) return false;
    let from = first.length;
    for (const piece of rest) {
      const at = sessionKey.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= end;
  };
}
