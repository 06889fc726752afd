/** Fails unless every element is closed and every sign is escaped. @returns the texts, in order */
export function checkXml(xml: string): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  let at = 0;
  for (const match of xml.matchAll(/<(\/?)([a-z]+)((?:\s+[A-Za-z:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    texts.push(textOf(xml.slice(at, match.index)));
    at = match.index + match[0].length;
    const [, closing, name = "", , alone] = match;
    if (closing === "/") {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else if (alone !== "/") open.push(name);
  }
  if (open.length > 0) throw new Error(`<${open.join("> <")}> is not closed`);
  if (xml.slice(at).trim() !== "") throw new Error("text after the end");
  return texts.filter((text) => text.trim() !== "");
}

function textOf(raw: string): string {
  if (/<|&(?!(?:amp|lt|gt|quot);)/.test(raw)) throw new Error(`not escaped: ${raw}`);
  return raw
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
