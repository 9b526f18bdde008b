// The worker of the site's search: the theme's own, which the build adds below, asked for what was meant.
//
//   typed ─▶ words without fillers ─▶ stems, also of what else it is called ─▶ the theme's worker ─▶ pages, best first
//
// By itself the theme looks up each word as it was typed and whatever begins with it, and counts both alike: "key"
// finds Keycloak first, and of a Russian word no other form.

const QUERY = 2
const RESULT = 3
const WHOLE = 10 // how much more a whole word counts than the beginning of one
const FIRST_PARAGRAPH = 1.5 // how much more what a page begins with counts than a section
const OTHER_SECTIONS = 0.15 // how much of their scores is added to the best one of a page
const NAMED = 1e6 // the score of the page whose title was typed
const OPERATORS = /["*~^]|\b(?:title|text):|(?:^|\s)[+-](?![+-])\S/ // what the theme reads by itself
const EDGES = /^[^\p{L}\p{N}_]+|[^\p{L}\p{N}_]+$/gu
const FILLERS = new Set(
  ("a an and are at by can do does for from how i if in is it my not of on or the to was we what when with you " +
    "а без в где для до если и из или как когда ли мне мой на не о об от по при с со у что это").split(" "),
)
const SAME = {
  апи: "api",
  веб: "web",
  вайбер: "viber",
  вебхук: "webhook",
  докер: "docker",
  кафка: "kafka",
  монга: "mongo",
  приоритет: "priority",
  пуш: "push",
  рустор: "rustore",
  смс: "sms",
  телеграм: "telegram",
  хуавей: "huawei",
}

const post = self.postMessage.bind(self)
const load = self.importScripts.bind(self)
let same = new Map() // SAME in stems
let typed = new Map() // the words of the latest query, by their stems

const plain = word => word.toLowerCase().replaceAll("ё", "е")

function stem(word) {
  const found = lunr.ru.stemmer(lunr.stemmer(new lunr.Token(word, {}))).toString()
  return same.get(found) ?? found
}

// As the texts of the index are, without fillers where there is anything else.
function parted(text) {
  const words = text
    .split(lunr.tokenizer.separator)
    .map(word => plain(word.replace(EDGES, "")))
    .filter(word => word)
  const telling = words.filter(word => !FILLERS.has(word))
  return telling.length ? telling : words
}

function asked(query) {
  typed = new Map(OPERATORS.test(query) ? [] : parted(query).map(word => [stem(word), word]))
  return typed.size ? [...typed.keys()].map(word => `${word}^${WHOLE} ${word}*`).join(" ") : query
}

// Whether it is what was typed, letter by letter (2), in other forms of its words (1), or not (0).
function sameness(title) {
  const words = parted(title.replace(/<[^>]+>/g, ""))
  if (words.length !== typed.size || !words.every(word => typed.has(stem(word)))) return 0
  return words.every(word => typed.get(stem(word)) === word) ? 2 : 1
}

// What the theme multiplied a score by goes out; how many of the words were found, and where, comes in.
function score({ score, title, parent, terms }) {
  const found = Object.values(terms)
  if (!found.length) return 0
  const named = parent ? 0 : sameness(title)
  if (named) return NAMED * named
  const share = found.filter(Boolean).length / found.length
  return (score / (1 + (Number(!parent) + share) ** 2)) * share ** 2 * (parent ? 1 : FIRST_PARAGRAPH)
}

function asTyped(item) {
  const terms = Object.entries(item.terms).map(([word, isFound]) => [isFound ? word : (typed.get(word) ?? word), isFound])
  return { ...item, score: score(item), terms: Object.fromEntries(terms) }
}

function ranked(pages) {
  const weight = ([best, ...others]) => best.score + OTHER_SECTIONS * others.reduce((sum, item) => sum + item.score, 0)
  return pages
    .map(items => items.map(asTyped).sort((one, other) => other.score - one.score))
    .sort((one, other) => weight(other) - weight(one))
}

// The theme loads its stemmers once it knows the languages. Russian is read with ё as е, as most people type it.
self.importScripts = (...scripts) => {
  load(...scripts)
  if (!lunr.ru || lunr.ru.stemmer.isOfPlain) return
  const { stemmer } = lunr.ru
  lunr.ru.stemmer = token => stemmer(token.update(plain))
  lunr.ru.stemmer.isOfPlain = true
  lunr.Pipeline.registerFunction(lunr.ru.stemmer, "stemmer-ru-plain")
  same = new Map(Object.entries(SAME).map(words => words.map(stem)))
}

self.postMessage = message =>
  post(message.type === RESULT ? { ...message, data: { ...message.data, items: ranked(message.data.items) } } : message)

self.addEventListener("message", ({ data }) => {
  if (data.type === QUERY) data.data = asked(data.data)
})
