// Searches a built site as its pages do, with the worker and the index that they name, in Node:
// node site_search.mjs FOLDER, of one language; on standard input a list of what is typed. Answers the pages found for each,
// best first, as places in that folder.

import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { runInThisContext } from "node:vm"

const folder = process.argv[2]
const page = readFileSync(join(folder, "index.html"), "utf8")
const config = JSON.parse(page.match(/<script id="__config"[^>]*>(.*?)<\/script>/)[1])
const worker = join(folder, config.search)
const listeners = []
let answer

globalThis.self = globalThis
globalThis.addEventListener = (_, listener) => listeners.push(listener)
globalThis.postMessage = message => answer(message)
globalThis.importScripts = (...scripts) => {
  for (const script of scripts) runInThisContext(readFileSync(join(dirname(worker), script), "utf8"), script)
}

const ask = data =>
  new Promise(resolve => {
    answer = resolve
    const event = { data }
    for (const listener of listeners) listener(event)
  })

runInThisContext(readFileSync(worker, "utf8"), worker)
const index = JSON.parse(readFileSync(join(folder, config.base, "search", "search_index.json"), "utf8"))
await ask({ type: 0, data: { ...index, options: { suggest: false } } })
const found = []
for (const typed of JSON.parse(readFileSync(0, "utf8"))) {
  const { data } = await ask({ type: 2, data: typed })
  found.push(data.items.map(([{ location }]) => location.split("#")[0]))
}
process.stdout.write(JSON.stringify(found))
