// Speed limits, in English.

export const traffic = {
  slow: "Slow mode",
  slowOn: (speed: string) => `Slow mode: limited to ${speed}`,
  limited: (speed: string) => `Limited to ${speed}`,
  title: "Speed limits",
  all: "Speed limit (MB/s)",
  allHint: "For everything Newsmux downloads. Empty: no limit.",
  slowSpeed: "Slow mode (MB/s)",
  slowHint: "Turn slow mode on in the overview or from the Newsmux icon's menu.",
  noLimit: "No limit",
  provider: "Speed limit (MB/s)",
  providerHint: "For downloads from this provider. Empty: no limit.",
  limitProgram: "Limit speed",
  programTitle: (name: string) => `Limit ${name}`,
  program: "Speed limit (MB/s)",
  programHint: "For everything this program downloads. Empty: no limit.",
  save: "Save",
  wrong: (least: string) => `Enter at least ${least}.`,
  event: {
    normal: "Normal speed",
    slow: "Slow mode turned on",
    speed: (speed: string) => `Speed limited to ${speed}`,
  },
};
