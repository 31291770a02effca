// Reasons for failures, in English.
import type { Causes } from "./causes";

export const causes: Causes = {
  system: {
    refused: "connection refused", reset: "connection lost", timedOut: "timed out", unreachable: "network unreachable", inUse: "address in use",
    noSuchAddress: "not an address of this computer", notAllowed: "permission denied", diskFull: "disk full", readOnly: "read-only file system",
    noSuchFile: "file not found", noSuchHost: "server not found",
  },
  reasons: [
    [/the host name has no address: check its spelling, and the network \(server not found\)/, "server not found: check the spelling and the network"],
    [/cannot connect: check host and port, and the network \((.*)\)/, "can't connect ($1): check the server, the port and the network"],
    [/the provider allows no more connections/, "too many connections"],
    [/the provider refuses the user name or password/, "wrong user name or password"],
    [/its volume is used up: if you bought more, change its quota in the settings/, "volume used up: if you bought more, change it in the provider's settings"],
    [/the rest of its volume is kept for articles that no other provider has/, "the rest of the volume is reserved for articles that no other provider has"],
    [/the provider refuses the account: it may be used up, expired or not paid for/, "account refused: used up, expired or unpaid"],
    [/the provider does not serve us now: try again later/, "provider not available"],
    [/the provider wants encryption: switch TLS on/, "encryption required: choose TLS"],
    [/the provider does not do STARTTLS: use TLS "on" with its port/, "STARTTLS not supported: choose TLS"],
    [/the provider speaks TLS on this port: set TLS to "on", or use its plain port/, "this port uses TLS: choose TLS, or the unencrypted port"],
    [/the provider does not speak TLS on this port: use its TLS port \(563\), or switch TLS off/, "this port doesn't use TLS: use port 563, or turn encryption off"],
    [/the encrypted connection failed:/, "TLS failed:"],
    [/the provider refuses the login/, "login refused"],
    [/the provider answers in an unknown way/, "unexpected reply"],
    [/what answers on this port is no news server: check host and port/, "not a news server: check the server and the port"],
    [/the connection was lost: connection lost/, "connection lost"],
    [/the connection was lost in an earlier request/, "connection lost in an earlier request"],
    [/cannot listen on (\S+): another program uses port (\d+); end it, or use another port/, "can't listen on $1: another program uses port $2"],
    [/cannot listen on (\S+): the system does not allow it, as for ports below 1024; use another port/, "can't listen on $1: not allowed for ports below 1024. Use another port"],
    [/another program has changed the settings: .*/, "another program changed the settings"],
    [/passwords were moved meanwhile: try it again/, "Passwords were being moved. Try again."],
    [/the system names no folder for downloads/, "The system has no downloads folder."],
    [/Newsmux is about to end/, "Newsmux is quitting."],
    [/has no password any more: make a new one/, "This login has no password. Create a new one."],
    [/cannot (listen on|read|write)/, "can't $1"],
  ],
};
