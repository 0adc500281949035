// Which files a worker may read.
import { realpath } from "node:fs/promises";
import path from "node:path";
import { described, wrongKind, wrongValue } from "../errors.js";
import { DataError, fileError } from "../files/data-error.js";
import { isFilePattern, isRemote } from "../files/patterns.js";
import type { SavedRequest } from "./request.js";
import { filesOf, type SavedSource } from "./sources.js";

const isInside = (name: string, folder: string, separator: string) =>
  name === folder || name.startsWith(folder.endsWith(separator) ? folder : folder + separator);

/** The directories, and the prefixes of URLs, that a worker may read. */
export class Allowed {
  readonly #prefixes: readonly string[];
  readonly #folders: readonly string[];

  private constructor(prefixes: readonly string[], folders: readonly string[]) {
    this.#prefixes = prefixes;
    this.#folders = folders;
  }

  /**
   * Reads the option `allow`.
   *
   * @throws TypeError or RangeError if it is no list of directories and URLs.
   */
  static async read(allow: unknown): Promise<Allowed | undefined> {
    if (allow === undefined) return undefined;
    if (!Array.isArray(allow) || !allow.every((each) => typeof each === "string")) {
      throw wrongKind("allow", "a list of directories and URLs", described(allow));
    }
    if (allow.length === 0) throw wrongValue("allow", "at least one directory or URL", "none");
    const folders = allow.filter((each) => !isRemote(each));
    const prefixes = allow.filter(isRemote).map((each) => {
      if (URL.canParse(each)) return new URL(each).href;
      throw wrongValue("allow", "a directory or URL", described(each));
    });
    const resolved = folders.map(async (folder) => {
      try {
        return await realpath(folder);
      } catch (error) {
        throw fileError(folder, error);
      }
    });
    return new Allowed(prefixes, await Promise.all(resolved));
  }

  /**
   * Checks what a job wants to read.
   *
   * @throws DataError if that is not allowed.
   */
  async check(sources: readonly SavedSource[], { where }: SavedRequest): Promise<void> {
    if (where !== undefined) {
      throw new DataError(
        "where: this worker accepts no conditions, because they can read any file (it has --allow)",
      );
    }
    for (const file of sources.flatMap(filesOf)) {
      if (await this.#has(file)) continue;
      throw new DataError(`${file}: this worker may not read it (--allow)`);
    }
  }

  async #has(file: string): Promise<boolean> {
    if (isRemote(file)) return this.#hasUrl(file);
    // DuckDB would expand a pattern.
    if (!path.isAbsolute(file) || isFilePattern(file)) return false;
    let real: string;
    try {
      // Where symbolic links lead, without "..".
      real = await realpath(file);
    } catch (error) {
      throw fileError(file, error);
    }
    return this.#folders.some((folder) => isInside(real, folder, path.sep));
  }

  #hasUrl(file: string): boolean {
    if (!URL.canParse(file) || /(^|\/)(\.|%2e){2}(\/|$)/i.test(file)) return false;
    const { protocol, href } = new URL(file);
    if (protocol === "file:") return false;
    return this.#prefixes.some((prefix) => isInside(href, prefix, "/"));
  }
}
