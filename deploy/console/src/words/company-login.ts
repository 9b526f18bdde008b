/** Signing in at the company's login, and why somebody who came back from it is not signed in. */

import type { Texts } from "./texts";

export const COMPANY_LOGIN = {
  "company.with": ["Sign in with {label}", "Войти через {label}"],
  "company.any": ["your company's login", "учётную запись компании"],
  "company.cancelled": ["The sign-in was cancelled.", "Вход отменён."],
  "company.refused": ["The company's login did not sign you in.", "Система входа компании отказала."],
  "company.expired": ["That sign-in has expired, or was begun again in another tab. Try again.", "Этот вход устарел или начат заново в другой вкладке. Повторите."],
  "company.unproved": ["What the company's login answered does not hold. Try again; if it happens again, tell an administrator.", "Ответ системы входа компании не прошёл проверку. Повторите; если не поможет, сообщите администратору."],
  "company.away": ["The company's login does not answer as it should. Try again later, or sign in another way.", "Система входа компании не отвечает как положено. Повторите позже или войдите иначе."],
  "company.misconfigured": ["The company's login does not accept this console. Tell an administrator.", "Система входа компании не принимает эту консоль. Сообщите администратору."],
  "company.noGroups": ["The company's login told no groups of yours: its claim {claim} is missing. Tell an administrator.", "Система входа компании не назвала ваших групп: нет поля {claim}. Сообщите администратору."],
  "company.noRole": ["None of your groups may use this console (claim {claim}). An administrator adds you to one that may.", "Ни одной из ваших групп консоль не доступна (поле {claim}). Администратор добавит вас в нужную."],
  "company.noName": ["The company's login told no name of yours: claim {claim}. Tell an administrator.", "Система входа компании не назвала вашего имени: поле {claim}. Сообщите администратору."],
  "company.disabled": ["Your account here is switched off. Ask an administrator.", "Ваша учётная запись здесь отключена. Обратитесь к администратору."],
  "company.slowedDown": ["Too many attempts from your network. Try again in a minute.", "Слишком много попыток из вашей сети. Повторите через минуту."],
  "company.unavailable": ["The platform cannot record who signs in right now. Try again later.", "Платформа сейчас не может записать, кто входит. Повторите позже."],
} as const satisfies Texts;
