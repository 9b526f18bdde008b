/** What was not accepted of a partner: a page of the partners' view, a card of the console's. */

import type { Texts } from "./texts";

export const REFUSALS = {
  "refusals.title": ["Not accepted", "Не принято"],
  "refusals.own": ["Requests of yours that were not accepted", "Ваши запросы, которые не приняты"],
  "refusals.ofPartner": ["Requests that were not accepted", "Запросы, которые не приняты"],
  "refusals.about": [
    "Counted by cause, minute by minute; here within a minute or two. A request is counted by the first thing that is wrong with it. Values and texts are not kept. A wrong password is not here: nobody has proved whose request it is.",
    "Подсчитаны по причинам за каждую минуту; появляются через минуту-две. Запрос учитывается по первой ошибке в нём. Значения и тексты не хранятся. Неверного пароля здесь нет: неизвестно, чей это запрос.",
  ],
  "refusals.period": ["Period", "Период"],
  "refusals.none": ["Nothing was refused in this time", "За это время отказов не было"],
  "refusals.when": ["When, the last time", "Когда в последний раз"],
  "refusals.count": ["How often", "Сколько раз"],
  "refusals.where": ["Where", "Где"],
  "refusals.answer": ["Answer", "Ответ"],
  "refusals.field": ["Field", "Поле"],
  "refusals.rule": ["What is wrong", "Что не так"],
  "refusals.lastId": ["Your id of the last one", "Ваш id последнего"],
  "refusals.lastIdOfPartner": ["Partner's id of the last one", "Id последнего у партнёра"],
  "refusals.message": ["a packet's message", "сообщение пакета"],
  "refusals.several": ["several", "разные"],
  "refusals.since": ["first", "впервые"],
} as const satisfies Texts;
