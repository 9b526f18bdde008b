"""What callers are told of a refusal, in their language: one table, English and Russian side by side.

    lookup.py  looks a text up by its English, and says it in another language
    forms.py   fills the places of a text, and picks the form of a noun that goes with its number

The table by its subjects: access.py, requests.py, sending.py, mailings.py, devices.py, provisioning.py, messages.py.

A refusal is written in English where its rule is; `tests/unit/runtime/test_words.py` collects all of them, and asks for
the Russian of each. What is told of a message itself is in `services/status/words`.
"""

from services.runtime.words.lookup import translation_of

__all__ = ["translation_of"]
