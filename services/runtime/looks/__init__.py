"""Looks at values about people on the operators' listener: recorded before they are shown, or masked."""

from services.runtime.looks.masking import Masked, as_asked, masked
from services.runtime.looks.notes import SubjectKind, mark_of, note_masked, note_people, subject_of, subjects_of
from services.runtime.looks.records import Looks
from services.runtime.looks.shown import path_of

__all__ = [
    "Looks",
    "Masked",
    "SubjectKind",
    "as_asked",
    "mark_of",
    "masked",
    "note_masked",
    "note_people",
    "path_of",
    "subject_of",
    "subjects_of",
]
