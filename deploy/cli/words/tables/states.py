"""States, as lines and tables for people name them. Options and JSON have them as the API does; so have states of
messages (`SENT`), which searches are asked by."""

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
    "revoked": "отозвано",
    "stopped": "остановлено",
    "doubted": "под сомнением",
    "retiring-paused": "отзыв токенов приостановлен",
}
