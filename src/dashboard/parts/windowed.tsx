import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface WindowedProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  /** Every row is as high as this, in pixels. */
  readonly rowHeight: number;
  readonly row: (item: T) => ComponentChildren;
  /** Told when the end comes near. */
  readonly onEnd?: () => void;
  /** Told whether it is scrolled to the top. */
  readonly onTop?: (isAtTop: boolean) => void;
}

/** Rows beyond what is seen, above and below. */
const SPARE = 10;

/** A long list of which only what is seen is there: a hundred thousand rows cost as much as fifty. */
export function Windowed<T>({ label, items, keyOf, rowHeight, row, onEnd, onTop }: WindowedProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ from: 0, to: 60 });
  const look = (): void => {
    const element = box.current;
    if (element === null) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const count = Math.ceil(element.clientHeight / rowHeight);
    const next = { from: Math.max(0, first - SPARE), to: first + count + SPARE };
    setSeen((before) => (before.from === next.from && before.to === next.to ? before : next));
    if (next.to >= items.length) onEnd?.();
    onTop?.(element.scrollTop < rowHeight);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(box.current as Element);
    return () => observer.disconnect();
  });
  return (
    <div class="windowed" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={label}>
      <ul style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(seen.from, seen.to).map((item, index) => (
          <li
            key={keyOf(item)}
            aria-setsize={items.length}
            aria-posinset={seen.from + index + 1}
            style={{ top: `${(seen.from + index) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {row(item)}
          </li>
        ))}
      </ul>
    </div>
  );
}
