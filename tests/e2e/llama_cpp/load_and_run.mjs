// Greedy tokens of one GGUF file by llama.cpp, as one JSON object on stdout.
//
//   FRUGAL_LLAMA_CPP=/path/to/folder node load_and_run.mjs MODEL.gguf PROMPT [N=48] [THREADS=1]
//
// FRUGAL_LLAMA_CPP names a folder in which `npm install --ignore-scripts node-llama-cpp` was run;
// without it the script says so and ends with code 77 (skipped). `text` and `tokens` are the new
// ones; generation stops early at an end-of-text token, which is not counted.
import {createRequire} from "node:module";
import {existsSync} from "node:fs";
import {pathToFileURL} from "node:url";
import path from "node:path";

const skipped = 77;
const [, , modelPath, prompt, count = "48", threads = "1"] = process.argv;
if (modelPath === undefined || prompt === undefined) {
    console.error("usage: node load_and_run.mjs MODEL.gguf PROMPT [N] [THREADS]");
    process.exit(2);
}
const root = process.env.FRUGAL_LLAMA_CPP;
if (!root || !existsSync(path.join(root, "node_modules", "node-llama-cpp"))) {
    console.error("skipped: FRUGAL_LLAMA_CPP names no folder with node_modules/node-llama-cpp");
    process.exit(skipped);
}

const entry = createRequire(path.resolve(root, "x.js")).resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry).href);
const llama = await getLlama({
    gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: +threads
});
const model = await llama.loadModel({modelPath: path.resolve(modelPath)});
const promptTokens = model.tokenize(prompt);
if (model.tokens.shouldPrependBosToken && model.tokens.bos !== null)
    promptTokens.unshift(model.tokens.bos);
const context = await model.createContext({
    contextSize: promptTokens.length + +count, threads: +threads, flashAttention: false
});

const tokens = [];
for await (const token of context.getSequence().evaluate(promptTokens, {temperature: 0})) {
    if (model.isEogToken(token)) break;
    tokens.push(token);
    if (tokens.length >= +count) break;
}
const text = model.detokenize(tokens, false, promptTokens);
console.log(JSON.stringify({model: path.basename(modelPath), prompt, prompt_tokens: promptTokens, text, tokens}));
process.exit(0);
