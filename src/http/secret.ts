import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** Nobody guesses one. */
const SECRET_BYTES = 32;

export function makeSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Digests have one length, so that comparing them tells nothing of the secret's. */
export function digest(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

/** Compares without telling by its time where they differ. */
export function isSecret(shown: string, wanted: Buffer): boolean {
  return timingSafeEqual(digest(shown), wanted);
}
