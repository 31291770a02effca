// The words of a provider's network settings, in English.
export const network = {
  title: "Network",
  proxy: "SOCKS5 proxy",
  proxyHint: "The proxy looks up the news server. When it is down, nothing is downloaded from this provider.",
  proxyPassword: "Proxy password",
  proxyPasswordHint: "Saved beside the provider's password.",
  bind: "Network interface",
  bindHint: "Name or address, such as your VPN's. When it is down, nothing is downloaded from this provider.",
  any: "Any",
  ip: "IP version",
  versions: { auto: "IPv4 or IPv6", v4: "IPv4 only", v6: "IPv6 only" },
  wrong: {
    proxy: "Enter the proxy like this: socks5://127.0.0.1:1080 or socks5://user@host:1080.",
    passwordEmpty: "Enter the proxy's password.",
    passwordAgain: "Enter the password again: the saved one is for another proxy or user.",
    ip: "This doesn't match the network interface's or the news server's address.",
    bind: "Enter the name of a network interface, or one of this computer's addresses.",
  },
};
