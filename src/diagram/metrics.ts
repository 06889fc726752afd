/** What the layout reckons with, and the drawing keeps to: a monospaced font. */
export const FONT_PX = 12;
export const CHAR_PX = 7.3;
export const LINE_PX = 17;
