// News servers of well-known providers, offered while a host is typed. Nothing is looked up online. They are in alphabetical
// order, so that none is preferred. All of them encrypt on port 563. How many connections they allow is not said: that
// depends on the plan, and the test finds it out.
export type Known = { host: string; name: string };

export const known: Known[] = [
  { host: "secure.news.easynews.com", name: "Easynews" },
  { host: "news.eweka.nl", name: "Eweka" },
  { host: "news.frugalusenet.com", name: "Frugal Usenet" },
  { host: "news.giganews.com", name: "Giganews" },
  { host: "news.newsgroup.ninja", name: "Newsgroup Ninja" },
  { host: "news.newshosting.com", name: "Newshosting" },
  { host: "news.thundernews.com", name: "ThunderNews" },
  { host: "news.tweaknews.eu", name: "Tweaknews" },
  { host: "news.usenetserver.com", name: "UsenetServer" },
];

/** The well-known provider of a host. */
export function knownAt(host: string): Known | undefined {
  const wanted = host.trim().toLowerCase();
  return known.find((provider) => provider.host === wanted);
}
