import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { LubdubError, shown } from "../errors.ts";

/** IPv4 that is not the public internet (IANA special-purpose registry). */
const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/** Parts of 2000::/3 that are reserved, documentation, or carry an IPv4 address inside (Teredo, 6to4). */
const RESERVED_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const blocked = new BlockList();
for (const [net, bits] of PRIVATE_V4) blocked.addSubnet(net, bits, "ipv4");
for (const [net, bits] of RESERVED_V6) blocked.addSubnet(net, bits, "ipv6");
const globalV6 = new BlockList();
globalV6.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an address is on the public internet. IPv6 counts only inside 2000::/3, so that IPv4 in IPv6 clothes
 * (`::ffff:127.0.0.1`, `64:ff9b::7f00:1`) does not.
 */
export function isPublic(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !blocked.check(address, "ipv4");
  const bare = address.split("%", 1)[0] as string;
  return globalV6.check(bare, "ipv6") && !blocked.check(bare, "ipv6");
}

/** What a URL says of its host by itself: an address that is private, or a name of this machine. */
export function namesPrivateHost(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(host) !== 0) return !isPublic(host);
  return host === "localhost" || host.endsWith(".localhost");
}

/**
 * A name becomes addresses, each of which is checked; the connection goes to what was checked, so that a second answer of
 * the name server cannot turn it elsewhere.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses: readonly LookupAddress[] = error === null ? found : [];
    const hidden = addresses.find(({ address }) => !isPublic(address));
    const first = addresses[0];
    if (error !== null) return callback(error, "", 0);
    if (hidden !== undefined) return callback(refused(hostname, hidden.address), "", 0);
    if (options.all === true) return callback(null, [...addresses]);
    callback(null, first?.address ?? "", first?.family ?? 0);
  });
};

export function refused(host: string, address: string): LubdubError {
  return new LubdubError("LUBDUB_TARGET_PRIVATE", {
    expected: `${shown(host)} to be on the public internet`,
    got: address,
    fix: "If that is meant, set `allowPrivate: true` for this target.",
  });
}
