// Backbones of well-known news servers: the network that a server's articles come from, and the takedown policy where it is
// known. Sources: what the companies say about their own brands, and the maps of Usenet providers that users keep (r/usenet).
// Written down in November 2026 as common knowledge, not measured. Resellers that buy from several backbones or have changed
// theirs, and servers that the maps disagree about, are left out. Nothing is looked up online.
export type Takedown = "dmca" | "ntd";
/** `domain`: of all its news servers. */
export type Backbone = { domain: string; backbone: string; takedown?: Takedown };

/** The name of each backbone as people write it, by how settings write it. */
export const backbones: Record<string, string> = {
  abavia: "Abavia",
  farm: "Usenet.Farm",
  giganews: "Giganews",
  omicron: "Omicron",
  usenetexpress: "UsenetExpress",
  vipernews: "ViperNews",
};

const servers: Backbone[] = [
  { domain: "easynews.com", backbone: "omicron", takedown: "dmca" },
  { domain: "eweka.nl", backbone: "omicron", takedown: "ntd" },
  { domain: "newshosting.com", backbone: "omicron", takedown: "dmca" },
  { domain: "pureusenet.nl", backbone: "omicron", takedown: "ntd" },
  { domain: "sunnyusenet.com", backbone: "omicron", takedown: "ntd" },
  { domain: "tweaknews.eu", backbone: "omicron", takedown: "ntd" },
  { domain: "usenetserver.com", backbone: "omicron", takedown: "dmca" },
  { domain: "newsdemon.com", backbone: "usenetexpress", takedown: "dmca" },
  { domain: "usenetexpress.com", backbone: "usenetexpress", takedown: "dmca" },
  { domain: "giganews.com", backbone: "giganews", takedown: "dmca" },
  { domain: "supernews.com", backbone: "giganews", takedown: "dmca" },
  { domain: "bulknews.eu", backbone: "abavia", takedown: "ntd" },
  { domain: "cheapnews.eu", backbone: "abavia", takedown: "ntd" },
  { domain: "usenet.farm", backbone: "farm", takedown: "ntd" },
  { domain: "vipernews.com", backbone: "vipernews", takedown: "ntd" },
];

/** The registered domain of a host: its last two labels, or three below a suffix such as co.uk; null for an address. */
export function domainOf(host: string): string | null {
  const labels = host.trim().toLowerCase().split(".").filter(Boolean);
  const isAddress = host.includes(":") || labels.every((label) => /^\d+$/.test(label));
  const [second = "", top = ""] = labels.slice(-2);
  const isSuffix = top.length === 2 && second.length <= 3;
  return isAddress || labels.length < 2 ? null : labels.slice(isSuffix ? -3 : -2).join(".");
}

/** What is known of a host's backbone. */
export function backboneAt(host: string): Backbone | undefined {
  const domain = domainOf(host);
  return servers.find((server) => server.domain === domain);
}

/** The name that people see. */
export const backboneName = (backbone: string) => backbones[backbone.toLowerCase()] ?? backbone;
