/**
 * A sorted set that is never changed in place: `insert` and `remove` copy only the path they touch, O(log n), and share
 * the rest. So a lane with 100,000 pending sessions costs 17 small copies at a wake instead of 100,000, and old
 * snapshots (replay, time travel, path tests) stay what they were. Weight-balanced (Adams 1992; parameters 3 and 2 by
 * Hirai and Yamamoto 2011).
 */
export type Tree<T> = Node<T> | null;

interface Node<T> {
  readonly value: T;
  readonly left: Tree<T>;
  readonly right: Tree<T>;
  readonly size: number;
}

type Compare<T> = (a: T, b: T) => number;

const DELTA = 3;
const RATIO = 2;

export const sizeOf = <T>(tree: Tree<T>): number => (tree === null ? 0 : tree.size);

export function find<T>(tree: Tree<T>, probe: T, compare: Compare<T>): T | undefined {
  let node = tree;
  while (node !== null) {
    const order = compare(probe, node.value);
    if (order === 0) return node.value;
    node = order < 0 ? node.left : node.right;
  }
  return undefined;
}

export function first<T>(tree: Tree<T>): T | undefined {
  let node = tree;
  while (node !== null && node.left !== null) node = node.left;
  return node?.value;
}

/** Adds `value`, or puts it in the place of the element that compares equal. */
export function insert<T>(tree: Tree<T>, value: T, compare: Compare<T>): Tree<T> {
  if (tree === null) return join(value, null, null);
  const order = compare(value, tree.value);
  if (order === 0) return join(value, tree.left, tree.right);
  return order < 0
    ? balance(tree.value, insert(tree.left, value, compare), tree.right)
    : balance(tree.value, tree.left, insert(tree.right, value, compare));
}

/** Without the element that compares equal; the same tree if there is none. */
export function remove<T>(tree: Tree<T>, probe: T, compare: Compare<T>): Tree<T> {
  if (tree === null) return null;
  const order = compare(probe, tree.value);
  if (order === 0) return glue(tree.left, tree.right);
  if (order < 0) {
    const left = remove(tree.left, probe, compare);
    return left === tree.left ? tree : balance(tree.value, left, tree.right);
  }
  const right = remove(tree.right, probe, compare);
  return right === tree.right ? tree : balance(tree.value, tree.left, right);
}

/** In order. */
export function* values<T>(tree: Tree<T>): Generator<T> {
  if (tree === null) return;
  yield* values(tree.left);
  yield tree.value;
  yield* values(tree.right);
}

function join<T>(value: T, left: Tree<T>, right: Tree<T>): Node<T> {
  return { value, left, right, size: sizeOf(left) + sizeOf(right) + 1 };
}

function glue<T>(left: Tree<T>, right: Tree<T>): Tree<T> {
  if (left === null) return right;
  if (right === null) return left;
  const next = first(right) as T;
  return balance(next, left, removeFirst(right));
}

function removeFirst<T>(node: Node<T>): Tree<T> {
  return node.left === null ? node.right : balance(node.value, removeFirst(node.left), node.right);
}

function balance<T>(value: T, left: Tree<T>, right: Tree<T>): Node<T> {
  const [leftSize, rightSize] = [sizeOf(left), sizeOf(right)];
  if (leftSize + rightSize > 1) {
    if (right !== null && rightSize > DELTA * leftSize) return rotateLeft(value, left, right);
    if (left !== null && leftSize > DELTA * rightSize) return rotateRight(value, left, right);
  }
  return join(value, left, right);
}

function rotateLeft<T>(value: T, left: Tree<T>, right: Node<T>): Node<T> {
  const inner = right.left;
  if (inner === null || sizeOf(inner) < RATIO * sizeOf(right.right)) {
    return join(right.value, join(value, left, inner), right.right);
  }
  return join(inner.value, join(value, left, inner.left), join(right.value, inner.right, right.right));
}

function rotateRight<T>(value: T, left: Node<T>, right: Tree<T>): Node<T> {
  const inner = left.right;
  if (inner === null || sizeOf(inner) < RATIO * sizeOf(left.left)) {
    return join(left.value, left.left, join(value, inner, right));
  }
  return join(inner.value, join(left.value, left.left, inner.left), join(value, inner.right, right));
}
