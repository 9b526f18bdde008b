"""What the bodies of the registry's API are built from: base models in camel case, and types of fields. Pure."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints
from pydantic.alias_generators import to_camel

from services.runtime.http.field_names import RequestBody
from services.runtime.http.field_rules import form
from services.runtime.text import phones
from services.runtime.text.storable import Text

MAX_SUBSCRIPTIONS = 100
"""In the catalogue of an application, and on an installation."""
LATEST_MS = 253_402_300_799_999  # the end of the year 9999
TimeMs = Annotated[StrictInt, Field(ge=0, le=LATEST_MS)]
Id = Annotated[
    str, StringConstraints(pattern=form(r"^[A-Za-z0-9._-]{1,64}$", "must be 1 to 64 letters, digits and . _ -"))
]
BUNDLE = form(r"^[A-Za-z0-9._-]{1,155}$", "must be 1 to 155 letters, digits and . _ -")
"""The pattern of an app's bundle, which is the topic of its pushes at Apple."""
Phone = Annotated[Text, Field(min_length=1, max_length=phones.MAX_LENGTH)]
UserId = Annotated[Text, Field(min_length=1, max_length=256)]


class BadField(ValueError):
    """A value that breaks the rule of its field; the API answers it with 400."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule


class AnswerModel(BaseModel):
    """Base of answers, and of requests whose form others have designed: unknown fields are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        json_schema_serialization_defaults_required=True,  # answers have all their fields, and are described so
    )

    @classmethod
    def shown(cls, entity: object, **derived: Any) -> Self:
        """The answer with what the entity has under the same names, and what is derived from it.

        Raises TypeError for a derived field that the answer does not have.
        """
        if unknown := derived.keys() - cls.model_fields.keys():
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
        names = [name for name in cls.model_fields if name not in derived and hasattr(entity, name)]
        return cls.model_validate({name: getattr(entity, name) for name in names} | derived)


class RequestModel(RequestBody):
    """Base of requests: unknown fields are refused by name."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class FieldError(AnswerModel):
    """The field and the rule that its value breaks, never the value."""

    field: str
    rule: str


def phone_digits(text: str | None) -> str | None:
    """The digits of the field `phone` in E.164, where it was given. Raises BadField."""
    digits = phones.normalise(text) if text is not None else None
    if text is not None and digits is None:
        raise BadField("phone", phones.RULE)
    return digits
