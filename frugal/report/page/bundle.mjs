// node bundle.mjs OUT: page.js with what it uses of the chart library, as one ASCII script.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

// The licences ask that their notices travel with every copy, and every page is one.
function notice(name, file) {
  const folder = dirname(require.resolve(`${name}/package.json`));
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version}\n${text}`.replaceAll("*/", "* /");
}

const banner = [
  notice("echarts", "NOTICE"),
  "Licensed under the Apache License, Version 2.0",
  "",
  notice("zrender", "LICENSE"),
].join("\n");

await esbuild.build({
  entryPoints: [join(here, "page.js")],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: ["es2020"],
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `/*!\n${banner}\n*/` },
  logLevel: "warning",
});
