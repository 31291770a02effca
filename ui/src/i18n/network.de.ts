// The words of a provider's network settings, in German.
import type { network as english } from "./network.en";

export const network: typeof english = {
  title: "Netz",
  proxy: "SOCKS5-Proxy",
  proxyHint: "Der Proxy fragt den Server im DNS ab. Ist er nicht erreichbar, wird von diesem Anbieter nichts geladen.",
  proxyPassword: "Passwort des Proxys",
  proxyPasswordHint: "Wird neben dem Passwort des Anbieters gespeichert.",
  bind: "Netzwerkschnittstelle",
  bindHint: "Name oder Adresse, zum Beispiel die Ihres VPNs. Fehlt sie, wird von diesem Anbieter nichts geladen.",
  any: "Beliebig",
  ip: "IP-Version",
  versions: { auto: "IPv4 oder IPv6", v4: "nur IPv4", v6: "nur IPv6" },
  wrong: {
    proxy: "Geben Sie den Proxy so ein: socks5://127.0.0.1:1080 oder socks5://user@host:1080.",
    passwordEmpty: "Geben Sie das Passwort des Proxys ein.",
    passwordAgain: "Geben Sie das Passwort erneut ein: Das gespeicherte gilt für einen anderen Proxy oder Benutzer.",
    ip: "Das passt nicht zur Adresse der Netzwerkschnittstelle oder des Servers.",
    bind: "Geben Sie den Namen einer Netzwerkschnittstelle oder eine Adresse dieses Computers ein.",
  },
};
