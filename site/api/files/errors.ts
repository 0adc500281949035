/**
 * Errors about the contents of files, and about missing optional packages.
 *
 * @module Errors of files
 */
export { DataError, MissingPackageError } from "maxmargin/files";
