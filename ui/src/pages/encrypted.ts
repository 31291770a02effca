// The port with SSL: what is entered for it, and how programs call it.
import type { EncryptedView, ListenTls, Program } from "../bindings";

export const DEFAULT_TLS: ListenTls = { port: 10563, certificate: "auto" };

const isIp = (name: string) => /^[\d.]+$|:/.test(name);

/** Whether it can be an address to listen on. */
export const isAddress = (host: string) => /^(localhost|[\d.]+|[\da-f:.]*:[\da-f:.]*)$/i.test(host.trim());

/** Whether only this computer is meant. */
export const isHere = (host: string) => host === "localhost" || host === "::1" || /^127\./.test(host);

/** The name or address by which a program on another computer calls Newsmux. NZBGet verifies host names, and no addresses. */
export function hostFor({ address, names }: EncryptedView, program: Program | "reader"): string {
  if (isHere(address.host)) return program === "nzbget" ? "localhost" : address.host;
  const others = names.filter((name) => name !== "localhost" && !isHere(name));
  const name = others.find((one) => one.endsWith(".local")) ?? others.find((one) => !isIp(one));
  const isEverywhere = address.host === "0.0.0.0" || address.host === "::";
  const ip = isEverywhere ? others.find(isIp) : address.host;
  return (program === "nzbget" ? (name ?? ip) : (ip ?? name)) ?? address.host;
}
