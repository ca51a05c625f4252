"""What operators and machines ask."""

from typing import Annotated

from pydantic import Field

from app.schemas.common import Answer

Word = Annotated[str, Field(max_length=200)]


class HealthAnswer(Answer):
    status: Annotated[Word, Field(examples=["ok"])]


class ReadinessAnswer(Answer):
    status: Annotated[Word, Field(examples=["ok"])]
    checks: Annotated[dict[str, Word], Field(examples=[{"database": "ok", "migrations": "ok"}])]


class Jwk(Answer):
    kty: Word
    crv: Word
    x: Word
    y: Word
    kid: Word
    use: Word
    alg: Word


class JwksAnswer(Answer):
    keys: Annotated[list[Jwk], Field(max_length=20)]


class ProblemTypeAnswer(Answer):
    """One kind of refusal."""

    type: Annotated[Word, Field(examples=["/problems/username-taken"])]
    code: Annotated[Word, Field(examples=["username_taken"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[409])]
    title: Word
    remedy: Annotated[str, Field(max_length=1_000, description="What to do about it")]


class ProblemTypeList(Answer):
    items: Annotated[list[ProblemTypeAnswer], Field(max_length=200)]
