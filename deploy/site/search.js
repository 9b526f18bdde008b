// The worker of the site's search: the theme's own, whose name the build puts in, asked for what was meant.
//
//   typed ─▶ words without fillers ─▶ stems, with what else people call it ─▶ the theme's search ─▶ pages ─▶ shown
//
// The theme looks up each word as it was typed and whatever begins with it, and counts both alike: "key" would find
// Keycloak first, and no other form of a Russian word. Here a word's stem counts more than what begins with it.
const QUERY = 2
const RESULT = 3
const WHOLE = 12 // how much more a whole word counts than a beginning
const OPERATORS = /["*~^]|(?:^|\s)[+-]\S/
const SAME = { "пуш": "push" }
const FILLERS = []
const post = self.postMessage.bind(self)
const load = self.importScripts.bind(self)
let typed = new Map() // stem: the word as typed, of the latest query

const plain = word => word.toLowerCase().replaceAll("ё", "е")

self.importScripts = (...scripts) => {
  load(...scripts)
  if (!lunr.ru || lunr.ru.isFolded) return
  const { stemmer } = lunr.ru
  lunr.ru.stemmer = token => stemmer(token.update(plain))
  lunr.ru.isFolded = true
  lunr.Pipeline.registerFunction(lunr.ru.stemmer, "stemmer-ru-folded")
}

function stem(word) {
  const token = new lunr.Token(plain(word), {})
  return (lunr.ru.stemmer(lunr.stemmer(token)) || token).toString()
}

function asked(query) {
  typed = new Map()
  if (OPERATORS.test(query)) return query
  const words = query.match(/[\p{L}\p{N}_]+/gu) || []
  const meant = words.filter(word => !FILLERS.includes(plain(word)))
  for (const word of meant.length ? meant : words) typed.set(stem(SAME[plain(word)] || word), word)
  return [...typed.keys()].map(word => `${word}^${WHOLE} ${word}*`).join(" ")
}

self.addEventListener("message", event => {
  if (event.data.type === QUERY) event.data.data = asked(event.data.data)
})

self.postMessage = message => post(message)
