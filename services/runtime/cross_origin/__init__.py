"""The device API from pages of other origins: which origins an application allows, and what browsers are told."""

from services.runtime.cross_origin.browsers import CrossOrigin
from services.runtime.cross_origin.origins import RULE, allowed_origin
from services.runtime.cross_origin.page import answers_page

__all__ = ["RULE", "CrossOrigin", "allowed_origin", "answers_page"]
