// src/ -> the folder named on the command line: scripts, styles and workers under names that hold a hash of their
// content, each beside its compressed twins, and `manifest.json`, which says what a page must load.
import { build } from "esbuild";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const out = process.argv[2];
const here = import.meta.dirname;
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: out,
  target: ["chrome111", "firefox121", "safari17"],
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "asset-[hash]",
  loader: { ".ttf": "file" },
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
};

function entries(result) {
  return Object.entries(result.metafile.outputs).filter(([, made]) => made.entryPoint);
}

const workers = await build({
  ...common,
  format: "iife",
  entryPoints: {
    editor: "monaco-editor/esm/vs/editor/editor.worker.js",
    json: "monaco-editor/esm/vs/language/json/json.worker.js",
    graphql: "monaco-graphql/esm/graphql.worker.js",
  },
});
const named = {};
for (const [file] of entries(workers)) named[path.basename(file).split("-")[0]] = path.basename(file);

const main = await build({
  ...common,
  format: "esm",
  splitting: true,
  jsx: "automatic",
  entryPoints: { main: "src/main.tsx" },
  define: { ...common.define, WORKERS: JSON.stringify(named) },
});
const [file, made] = entries(main).find(([, one]) => one.entryPoint === "src/main.tsx");

// What the first script is sure to need, so that a browser may fetch it beside the script instead of after it.
const needed = new Set();
(function follow(output) {
  for (const one of main.metafile.outputs[output].imports) {
    if (one.external || needed.has(one.path)) continue;
    needed.add(one.path);
    follow(one.path);
  }
})(file);

await mkdir(out, { recursive: true });
for (const name of await readdir(out)) {
  const content = await readFile(path.join(out, name));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  await writeFile(path.join(out, `${name}.br`), brotliCompressSync(content, quality));
  await writeFile(path.join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
}
const manifest = {
  script: path.basename(file),
  style: path.basename(made.cssBundle),
  preload: [...needed].map((one) => path.basename(one)),
};
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
