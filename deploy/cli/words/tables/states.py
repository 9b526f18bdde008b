"""States, as lines and tables for people name them. Options and JSON have them as the API does."""

MESSAGES = {
    "PLANNED": "ещё не отправлено",
    "SENT": "отправлено",
    "SUPPRESSED": "исключено",
    "EXPIRED": "срок истёк",
    "REFUSED": "отклонено",
    "DELIVERED": "доставлено",
    "READ": "прочитано",
}
"""Of messages, as the console says them (`deploy/console/src/words/states.ts`). The code, which `--state` takes and the
API answers, stands behind."""

STATES = {
    "draft": "черновик",
    "running": "идёт",
    "paused": "приостановлено",
    "done": "завершено",
    "cancelled": "отменено",
    "under way": "выполняется",
    "open": "открыто",
    "requested": "запрошено",
    "refused": "отклонено",
    "closing": "закрывается",
    "closed": "закрыто",
    "redriving": "отправляется повторно",
    "redriven": "отправлено повторно",
    "discarded": "отмечено как ненужное",
    "works": "действует",
    "expired": "истекло",
    "invited": "приглашение",
    "off": "отключена",
    "all": "все",
    "unknown": "неизвестно",
    "damaged": "повреждено",
    "revoked": "отозвано",
    "stopped": "остановлено",
    "doubted": "под сомнением",
    "retiring-paused": "отзыв токенов приостановлен",
}
