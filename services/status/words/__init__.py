"""What people are told of a message, in their language: one table, English and Russian side by side.

    sentences.py  the sentences of an explanation
    steps.py      the kinds of lines of a trace, and what stands on them
    notes.py      what the platform notes on a line of the trace, and how it is said in another language

`services/runtime/words` fills the places of a text, and has what is said of refusals. The words of a reason are beside
the reason, in `schemas/reasons.py`.
"""

from services.runtime.words.forms import fill
from services.status.words.notes import CHANNELS, Note, noted, said_anew, scope_of
from services.status.words.sentences import Sentence
from services.status.words.steps import STEPS

__all__ = ["CHANNELS", "STEPS", "Note", "Sentence", "fill", "noted", "said_anew", "scope_of"]
