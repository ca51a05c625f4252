"""The specification as a product: what FastAPI generates, made exact.

Refusals come from the exception tree, as problem+json with an example for each code; every request and answer has an example; operation
ids are camelCase and stable; what may be left out is never null.
"""

from app.openapi.document import TAGS, operation_id, specification
from app.openapi.refusals import refusals

__all__ = ["TAGS", "operation_id", "refusals", "specification"]
