// Errors that people have to act on: something in a file, or a package that is not installed.
import { described } from "../errors.js";

/** An error in the data: a file that cannot be read, a column that is missing, an invalid value. */
export class DataError extends RangeError {
  /** `"DataError"`, or the name of a derived class. */
  override readonly name: string = "DataError";
}

/** An optional package, such as one that reads a format, is not installed. */
export class MissingPackageError extends Error {
  /** `"MissingPackageError"` */
  override readonly name: string = "MissingPackageError";
}

/** Returns the error for something in a file. `place` begins with the name of the file. */
export const wrongData = (place: string, expected: string, received: string) =>
  new DataError(`${place}: expected ${expected}, received ${received}`);

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "a directory, not a file",
  ENOTDIR: "no such file",
  Z_DATA_ERROR: "damaged compressed data",
  Z_BUF_ERROR: "compressed data that ends too early",
};

/** Returns an error of the system or of zlib as one that names the file. */
export function fileError(file: string, error: unknown): Error {
  if (error instanceof DataError || error instanceof MissingPackageError) return error;
  if (!(error instanceof Error)) return new DataError(`${file}: ${described(error)}`);
  if (error.name === "AbortError") return error;
  const { code } = error as NodeJS.ErrnoException;
  return new DataError(`${file}: ${reasons[code ?? ""] ?? error.message}`, { cause: error });
}
