"""The form of the stored documents: which there is, which this release wants, and the steps between them. And whether
the database's clock is ours."""

from services.runtime.mongo.upkeep.form import Form, NewerDatabase, StepsMissing, applied, form_of, keep_form
from services.runtime.mongo.upkeep.steps import STEPS, VERSION, Step

__all__ = [
    "STEPS",
    "VERSION",
    "Form",
    "NewerDatabase",
    "Step",
    "StepsMissing",
    "applied",
    "form_of",
    "keep_form",
]
