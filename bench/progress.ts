/** Says on a terminal's stderr how far a long piece of work is; silent elsewhere. */
export function progress(what: string): (share: number) => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  let shown = -1;
  return (share) => {
    const percent = Math.floor(share * 100);
    if (percent === shown) return;
    shown = percent;
    const bar = "#".repeat(percent / 4).padEnd(25, ".");
    stderr.write(percent < 100 ? `\r${what} ${bar} ${percent} %` : `\r\u001B[K`);
  };
}
