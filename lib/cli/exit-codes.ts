/** The codes that the process ends with. */
export const exitCodes = { success: 0, data: 1, usage: 2, stopped: 130 } as const;

/** What each code means. */
export const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  success: "success",
  data: "a file cannot be read or written, its data are wrong, or answers of bench differ",
  usage: "wrong usage, or a package that a format needs is missing",
  stopped: "stopped by Ctrl-C",
};
