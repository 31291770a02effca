// What becomes of the accounts of the servers that are chosen for the import.
import type { ImportServer, Provider } from "../bindings";

/** The account that a chosen server can share. `bought`: what becomes of its own limit and end when it does. */
export type Shared = { owner: Provider; bought: "nothing" | "handed_over" | "left_out"; quotaLeftOut: boolean };

/** By server, as the application imports them; null for one that shares no account. `apart`: those that don't want to. */
export function sharedAccounts(servers: ImportServer[], chosen: number[], apart: number[], providers: Provider[]): (Shared | null)[] {
  const boughtFor = new Map<Provider, Pick<Provider, "quota" | "expires">>();
  return servers.map((server, at) => {
    const owner = chosen.includes(at) ? ownerOf(server, servers, chosen, providers) : undefined;
    if (!owner) return null;
    const { quota, expires } = server.provider;
    const before = boughtFor.get(owner) ?? owner;
    const after = { quota: before.quota ?? quota, expires: before.expires ?? expires };
    if (!apart.includes(at)) boughtFor.set(owner, after);
    const quotaLeftOut = Boolean(quota) && JSON.stringify(after.quota) !== JSON.stringify(quota);
    const leftOut = quotaLeftOut || (Boolean(expires) && after.expires !== expires);
    return { owner, bought: leftOut ? "left_out" : quota || expires ? "handed_over" : "nothing", quotaLeftOut };
  });
}

/** The provider whose account a server can share: one that is there, or the first of the account that is chosen. */
function ownerOf({ same_account_as: same }: ImportServer, servers: ImportServer[], chosen: number[], providers: Provider[]): Provider | undefined {
  if (!same) return undefined;
  if (same.provider !== null) return providers.find(({ id }) => id === same.provider);
  const first = same.servers.find((at) => chosen.includes(at));
  return first === undefined ? undefined : servers[first]?.provider;
}
