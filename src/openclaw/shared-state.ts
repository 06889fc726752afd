/**
 * The state of a module, one per process: two copies of this package (two installations, a bundle beside a checkout)
 * find the same one. The name carries a version, so that copies whose state has another shape stay apart.
 */
export function sharedState<State extends object>(name: string, create: () => State): State {
  const holder = globalThis as unknown as Record<symbol, State | undefined>;
  return (holder[Symbol.for(name)] ??= create());
}
