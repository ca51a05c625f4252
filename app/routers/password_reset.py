"""A forgotten password: a link by mail, or a token for answered questions, used once, sets a new one."""

from app.errors import (
    AnswersExhausted,
    AnswersWrong,
    DistrictNotFound,
    FeatureDisabled,
    InProgress,
    Maintenance,
    ResetLinkInvalid,
    TicketInvalid,
)
from app.openapi import refusals
from app.route_guards import Budget, costly, guarded
from app.routers.dependencies import Admitted, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.password_reset import (
    Accepted,
    AnswerQuestionsBody,
    AskedQuestionsAnswer,
    AskQuestionsBody,
    ConfirmResetBody,
    MailedToken,
    PasswordResetBody,
    ResetOfferAnswer,
    ResetTokenAnswer,
)
from app.services.guard import PASSWORD_RESET
from app.translation import msg

router = Operations(prefix="/password-reset", tags=["Recovery"])


PASSWORD_RESET_ACCEPTED = msg(
    "If this username has a confirmed recovery e-mail, a mail is on its way to it. "
    "If nothing comes, the office of your school can help."
)


@router.post(
    "",
    summary="Ask for a reset link",
    status_code=202,
    responses=refusals(DistrictNotFound, FeatureDisabled, Maintenance),
)
@costly(Budget.RECOVERY)
@guarded(PASSWORD_RESET)
async def request_password_reset(
    body: PasswordResetBody, campus: CampusPart, admission: Admitted, language: Language
) -> Accepted:
    """The answer is the same for everybody. A mail goes to the confirmed recovery address, if there is one."""
    await campus.password_reset.request(admission.district, body.portal, body.username, language.tag)
    return Accepted(detail=language.text(PASSWORD_RESET_ACCEPTED))


@router.post("/check", summary="See what a reset link opens", responses=refusals(ResetLinkInvalid))
@costly(Budget.RECOVERY)
async def check_reset_link(body: MailedToken, campus: CampusPart) -> ResetOfferAnswer:
    """The link is not used up."""
    return ResetOfferAnswer.of(await campus.password_reset.check(body.token))


@router.post(
    "/confirm", summary="Set a new password", status_code=204, responses=refusals(ResetLinkInvalid, InProgress)
)
@costly(Budget.RECOVERY)
async def confirm_password_reset(body: ConfirmResetBody, campus: CampusPart) -> None:
    """Uses the link up, ends every session of the account and tells its owner. No refusal uses it up."""
    await campus.password_reset.confirm(body.token, body.password, body.password_confirm)


@router.post(
    "/questions",
    summary="Ask for the challenge questions",
    responses=refusals(DistrictNotFound, FeatureDisabled, Maintenance),
)
@costly(Budget.RECOVERY)
@guarded(PASSWORD_RESET)
async def ask_challenge_questions(
    body: AskQuestionsBody, campus: CampusPart, admission: Admitted, language: Language
) -> AskedQuestionsAnswer:
    """For somebody without a mailbox. Unknown names get questions too, always the same ones."""
    asked = await campus.answers_reset.ask(admission.district, body.portal, body.username)
    return AskedQuestionsAnswer.of(asked, language)


@router.post(
    "/answers",
    summary="Answer the challenge questions",
    responses=refusals(TicketInvalid, AnswersWrong, AnswersExhausted, FeatureDisabled, Maintenance),
)
@costly(Budget.RECOVERY)
async def answer_challenge_questions(body: AnswerQuestionsBody, campus: CampusPart) -> ResetTokenAnswer:
    """All of them right give a token for a new password. Five tries a day for a name, ten in all; which answer was wrong, nobody learns."""
    return ResetTokenAnswer(
        token=await campus.answers_reset.answer(body.ticket, [answered.given() for answered in body.answers])
    )
