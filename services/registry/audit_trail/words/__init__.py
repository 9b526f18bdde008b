"""A record of the audit trail as a sentence, English and Russian. Pure.

routes.py    what each route does: a sentence for each method and path that is audited
people.py    likewise, of people, operators' access and partners' own settings
sentence.py  fills its places, and says whom and what it was about, and how it was answered
titles.py    what parameters and fields are called
"""

from services.registry.audit_trail.words.sentence import WantedSubjects, asked_in_words, caller_of, sentence_of
from services.registry.audit_trail.words.titles import title_of

__all__ = ["WantedSubjects", "asked_in_words", "caller_of", "sentence_of", "title_of"]
