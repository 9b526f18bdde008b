/** The page Audit. */

import type { Texts } from "./texts";

export const AUDIT = {
  "audit.title": ["Audit", "Аудит"],
  "audit.who": ["Who", "Кто"],
  "audit.whoHint": ["name of an operator or login of a partner", "имя оператора или логин партнёра"],
  "audit.what": ["What", "Что"],
  "audit.whatHint": ["part of a path, or a thing as partner/bank", "часть пути или объект, например partner/bank"],
  "audit.since": ["Since", "За"],
  "audit.hour": ["the last hour", "последний час"],
  "audit.day": ["24 hours", "24 часа"],
  "audit.week": ["7 days", "7 дней"],
  "audit.month": ["30 days", "30 дней"],
  "audit.year": ["a year", "год"],
  "audit.search": ["Find", "Найти"],
  "audit.none": ["No such record in this time", "За это время таких записей нет"],
  "audit.notWhole": [
    "There was more than could be read in time: ask for a shorter time",
    "Записей больше, чем удалось прочитать: выберите период короче",
  ],
  "audit.more": ["The newest {count} are shown: ask for less to see older ones", "Показаны {count} новейших: уточните запрос, чтобы увидеть более ранние"],
  "audit.at": ["When", "Когда"],
  "audit.request": ["Request", "Запрос"],
  "audit.answer": ["Answer", "Ответ"],
  "audit.changes": ["What changed", "Что изменилось"],
  "audit.made": ["new", "новое"],
  "audit.same": ["stayed as it was", "без изменений"],
} as const satisfies Texts;
