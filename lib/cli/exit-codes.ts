/** The codes that the process ends with. */
export const exitCodes = { success: 0, data: 1, usage: 2, queue: 3, stopped: 130 } as const;

/** What each code means. */
export const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  success: "success",
  data: "a file cannot be read or written, its data are wrong, or answers of bench differ",
  usage: "wrong usage, or an optional package is missing",
  queue: "the queue cannot be reached, or no worker of this version listens",
  stopped: "stopped by Ctrl-C",
};
