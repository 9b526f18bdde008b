/** Every text of the console, English and Russian. A page adds its rows at the end. */

const TABLE = {
  "app.title": ["RPNS console", "Консоль RPNS"],
  "app.skip": ["Skip to content", "К содержанию"],
  "app.signOut": ["Sign out", "Выйти"],
  "app.language": ["По-русски", "In English"],
  "app.notFound": ["There is no such page", "Такой страницы нет"],
  "state.loading": ["Loading…", "Загрузка…"],
  "state.retry": ["Try again", "Повторить"],
  "state.unreachable": ["The platform cannot be reached", "Платформа недоступна"],
  "state.forbidden": ["Your token has not the scope for this", "У вашего токена нет нужных прав"],
  "state.failed": ["That did not work", "Не получилось"],
  "signIn.title": ["Sign in", "Вход"],
  "signIn.token": ["Operator's token", "Токен оператора"],
  "signIn.hint": [
    "It is kept in this tab only. An administrator makes one with: rpns operators add NAME --scope support",
    "Хранится только в этой вкладке. Администратор создаёт его командой: rpns operators add NAME --scope support",
  ],
  "signIn.submit": ["Sign in", "Войти"],
  "signIn.wrong": ["This token is not known, has expired or was revoked", "Токен неизвестен, истёк или отозван"],
  "support.title": ["Support", "Поддержка"],
  "support.field": ["Phone, user id, message id, mtNum or partner's id", "Телефон, id клиента, id сообщения, mtNum или id партнёра"],
  "support.search": ["Find", "Найти"],
  "support.hint": ["What became of a message, and why: search to begin", "Что стало с сообщением и почему: начните с поиска"],
  "support.none": ["No message has this id, and none went to such a phone or user", "Нет сообщений с таким id, и таким клиентам ничего не отправляли"],
  "support.messages": ["Messages", "Сообщения"],
  "support.more": ["Older messages", "Более ранние"],
  "support.created": ["Accepted", "Принято"],
  "support.state": ["State", "Состояние"],
  "support.channel": ["Channel", "Канал"],
  "support.partner": ["Partner", "Партнёр"],
  "support.why": ["Why", "Почему"],
  "support.message": ["Message", "Сообщение"],
  "support.recipient": ["Recipient", "Получатель"],
  "support.user": ["User id", "Id клиента"],
  "support.reveal": ["Show", "Показать"],
  "support.trace": ["What happened", "Что происходило"],
  "support.dropped": ["more steps were not kept", "шагов не сохранено"],
  "support.wholeMessage": ["The whole message", "Всё сообщение"],
  "support.step.attempt": ["attempt", "попытка"],
  "support.step.late": ["late", "поздно"],
  "support.step.notCounted": ["does not count", "не учитывается"],
  "support.link": ["link", "звено"],
  "support.raw": ["Raw data", "Исходные данные"],
  "support.device": ["Device", "Устройство"],
  "support.devices": ["Customer's devices", "Устройства клиента"],
  "support.noDevices": ["No device is registered", "Нет зарегистрированных устройств"],
  "support.ms": ["ms", "мс"],
  "support.model": ["Model", "Модель"],
  "support.application": ["Application", "Приложение"],
  "support.provider": ["Provider", "Провайдер"],
  "support.forbidden": ["Forbidden", "Запреты"],
  "support.bySystem": ["by the system", "системой"],
  "support.byApplication": ["in the application", "в приложении"],
  "support.nothingForbids": ["no", "нет"],
  "support.subscriptions": ["Subscriptions", "Подписки"],
  "support.lastUsed": ["Last used", "Использовано"],
} as const satisfies Record<string, readonly [english: string, russian: string]>;

export type Key = keyof typeof TABLE;
export type Language = "en" | "ru";

const KEPT = "rpns.language";

export function language(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "ru") return kept;
  return navigator.language.startsWith("ru") ? "ru" : "en";
}

export function setLanguage(value: Language): void {
  localStorage.setItem(KEPT, value);
  document.documentElement.lang = value;
}

export function t(key: Key): string {
  return TABLE[key][language() === "ru" ? 1 : 0];
}
