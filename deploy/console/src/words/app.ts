/** What every page shows, and the sign-in. */

import type { Texts } from "./texts";

export const APP = {
  "app.title": ["RPNS console", "Консоль RPNS"],
  "app.skip": ["Skip to content", "Перейти к содержимому"],
  "app.signOut": ["Sign out", "Выйти"],
  "app.language": ["По-русски", "In English"],
  "app.notFound": ["There is no such page", "Такой страницы нет"],
  "app.nothingHeld": ["None of these pages is within your token's scopes", "Вашему токену не доступна ни одна страница"],
  "state.loading": ["Loading…", "Загрузка…"],
  "state.retry": ["Try again", "Повторить"],
  "state.unreachable": ["The platform cannot be reached", "Платформа недоступна"],
  "state.forbidden": ["Your token does not have the scope for this", "У вашего токена нет нужных прав"],
  "state.failed": ["That did not work", "Не получилось"],
  "signIn.title": ["Sign in", "Вход"],
  "signIn.token": ["Operator's token", "Токен оператора"],
  "signIn.hint": [
    "It is kept in this tab only. An administrator makes one with: rpns operators add NAME --scope support",
    "Хранится только в этой вкладке. Администратор создаёт его командой: rpns operators add NAME --scope support",
  ],
  "signIn.submit": ["Sign in", "Войти"],
  "signIn.wrong": ["This token is not known, has expired or was revoked", "Токен неизвестен, истёк или отозван"],
  "live.at": ["As of", "Данные на"],
  "live.every": ["anew every {seconds} s", "обновляется каждые {seconds} с"],
  "live.streamed": ["live: changes show by themselves", "в реальном времени: изменения видны сами"],
  "live.noStream": ["no live stream, so anew every {seconds} s", "нет потока изменений, поэтому обновляется каждые {seconds} с"],
  "live.noAnswer": ["no answer within {seconds} s", "нет ответа за {seconds} с"],
  "live.again": ["Refresh", "Обновить"],
  "dialog.cancel": ["Leave it", "Отмена"],
  "secret.once": ["This is told once and cannot be shown again: keep it now.", "Показывается один раз, больше его не узнать: сохраните сейчас."],
  "secret.copy": ["Copy", "Скопировать"],
  "secret.copied": ["Copied", "Скопировано"],
  "secret.notCopied": ["The browser does not let it be copied: mark it and copy it by hand", "Браузер не даёт скопировать: выделите и скопируйте вручную"],
  "secret.kept": ["I have kept it", "Сохранено"],
  "bars.most": ["at most {count}", "до {count}"],
} as const satisfies Texts;
