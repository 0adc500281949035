import { ArraysReader } from "./arrays.js";
import type { Reader } from "./columns.js";
import { wrongData } from "./data-error.js";
import { FileInput, type Input, openDeflated } from "./input.js";
import { NpyArray } from "./npy.js";
import type { ReadOptions } from "./read-options.js";
import { select } from "./select.js";
import { dataStartOf, readZipDirectory, type ZipEntry } from "./zip.js";

async function openEntry(file: FileInput, entry: ZipEntry): Promise<Input> {
  const { name, isDeflated, compressed, size } = entry;
  const start = await dataStartOf(file, entry);
  const place = `${file.name}: ${name.replace(/\.npy$/, "")}`;
  if (isDeflated) return openDeflated(file.name, place, { start, compressed, size });
  if (size !== compressed) throw wrongData(place, `${size} bytes`, `${compressed}`);
  return file.part(place, start, size);
}

/** Opens a file of `numpy.savez` or `savez_compressed`, whose arrays are the columns. */
export async function openNpz(path: string, options: ReadOptions): Promise<Reader> {
  const file = await FileInput.open(path);
  const inputs: Input[] = [];
  const close = async () => {
    for (const input of inputs) {
      // Parts of the file share its handle.
      if (!(input instanceof FileInput)) await input.close();
    }
    await file.close();
  };
  try {
    const entries = await readZipDirectory(file);
    const names = entries.map(({ name }) => name.replace(/\.npy$/, ""));
    const { labels, predictions, sampleWeight, by } = select(path, names, options.selection);
    const open = async (index: number) => {
      const input = await openEntry(file, entries[index] as ZipEntry);
      inputs.push(input);
      return NpyArray.open(input);
    };
    const one = async (role: string, indexes: readonly number[]) => {
      const [index, ...others] = indexes as [number, ...number[]];
      if (others.length === 0) return open(index);
      throw wrongData(path, `one array of ${role}, of one or two axes`, `${indexes.length}`);
    };
    const arrays = {
      labels: await one("labels", labels),
      predictions: await one("predictions", predictions),
      sampleWeight: sampleWeight === undefined ? undefined : await open(sampleWeight),
      by: by === undefined ? undefined : await open(by),
    };
    return new ArraysReader(arrays, options.groups, close);
  } catch (error) {
    await close();
    throw error;
  }
}
