"""The OpenAPI documents of our APIs: what FastAPI says, made true, and said in words.

    application() ─▶ an API whose document `document.py` completes: errors that are answered, short operation ids,
                     where it is served; the words of each field from `words/`, a body that is right from `examples/`

What a route takes and answers is read from its code; what each word of it means stands in `words/` alone.
"""

from services.runtime.openapi.application import Add, application

__all__ = ["Add", "application"]
