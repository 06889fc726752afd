import { FONT_PX } from "./metrics.ts";

/** Text in an SVG. Characters that XML cannot carry are left out. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** An SVG that stands by itself: no script, no font and no image from elsewhere; light or dark as its reader likes. */
export function picture(
  { width, height, title }: { readonly width: number; readonly height: number; readonly title: string },
  content: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    ARROW_HEAD,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...content,
    "</svg>",
    "",
  ].join("\n");
}

const STYLE = `
svg{--page:#fff;--ink:#1c2733;--soft:#5b6b7b;--line:#8a99a8;--box:#f2f6fa;--edge:#9fb3c6;--start:#1f6feb;--wait:#b45309;--run:#15803d;--again:#b91c1c;font:${FONT_PX}px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){svg{--page:#0f161d;--ink:#e3ebf3;--soft:#9fb0c0;--line:#6c7f91;--box:#1a2530;--edge:#45596c;--start:#6cb0ff;--wait:#f5b64c;--run:#5fd38a;--again:#ff8a80}}
.page{fill:var(--page)}
text{fill:var(--ink)}
.state rect{fill:var(--box);stroke:var(--edge);stroke-width:1.5}
.state text{font-weight:700;font-size:${FONT_PX + 2}px;text-anchor:middle;dominant-baseline:central}
.any rect{stroke-dasharray:5 4}
.initial{fill:var(--start)}
.arrow{fill:none;stroke:var(--line);stroke-width:1.3}
.head{fill:var(--line)}
.label text{stroke:var(--page);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.guard,.soft{fill:var(--soft)}
.title{font-size:17px;font-weight:700}
.party{font-weight:700;text-anchor:middle}
.life{stroke:var(--edge);stroke-dasharray:2 4}
.dot{fill:var(--line)}
.span{stroke-width:5;stroke:var(--tone)}
.pill rect{fill:var(--page);stroke:var(--tone);stroke-width:1.8}
.pill text{fill:var(--tone);font-weight:700;text-anchor:middle}
.idle,.queue{--tone:var(--soft)}
.pending{--tone:var(--wait)}
.running{--tone:var(--run)}
.retrying{--tone:var(--again)}
`.trim();

const ARROW_HEAD =
  '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0,0 L10,5 L0,10 z"/></marker></defs>';
