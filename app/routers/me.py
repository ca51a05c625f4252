"""What a signed-in person sees and changes of himself."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.errors import CurrentPasswordWrong, FeatureDisabled, Forbidden, InProgress, NotFound
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import Caller, CampusPart, Language
from app.routers.operations import Operations
from app.routers.paging import Limit, after
from app.schemas.activity import BY_EVENT, ActivityList
from app.schemas.challenge import QuestionAnswer
from app.schemas.me import ChangeMeBody, ChangePasswordBody, QuestionsAnswer, SetAnswersBody, StudentList
from app.schemas.menu import MenuAnswer
from app.schemas.session import AccountAnswer, SessionList
from app.services.activity import Position

router = Operations(prefix="/me", tags=["My account"])


@router.get("", summary="My account", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def get_me(caller: Caller) -> AccountAnswer:
    """Whose session this is, for the head of the screen."""
    return AccountAnswer.of(caller.account)


@router.patch("", summary="Change my language", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def change_me(body: ChangeMeBody, caller: Caller, campus: CampusPart) -> AccountAnswer:
    """The language of the mails and push messages that this account gets."""
    return AccountAnswer.of(await campus.me.change_locale(caller.account, body.locale))


@router.put(
    "/password", summary="Change my password", status_code=204, responses=refusals(CurrentPasswordWrong, InProgress)
)
@limited(Budget.SESSION)
async def change_my_password(body: ChangePasswordBody, caller: Caller, campus: CampusPart) -> None:
    """Other sessions end, and a mail tells the owner. Five wrong current passwords end this session too."""
    await campus.passwords.change(caller, body.current_password, body.password, body.password_confirm)


@router.get(
    "/challenge-questions",
    summary="The questions that I may answer",
    responses=refusals(Forbidden, FeatureDisabled),
)
@limited(Budget.SESSION)
async def list_challenge_questions(caller: Caller, campus: CampusPart, language: Language) -> QuestionsAnswer:
    """Those that the district asks, in the language of `Accept-Language`."""
    questions, needed = await campus.own_answers.questions(caller)
    return QuestionsAnswer(
        questions=[QuestionAnswer.of(question, language) for question in questions], answers_needed=needed
    )


@router.put(
    "/challenge-answers",
    summary="Set my challenge answers",
    status_code=204,
    responses=refusals(Forbidden, FeatureDisabled, CurrentPasswordWrong),
)
@limited(Budget.SESSION)
async def set_challenge_answers(body: SetAnswersBody, caller: Caller, campus: CampusPart) -> None:
    """In place of those before; a mail tells the owner. They give a new password to whoever knows them all (not for staff)."""
    answers = [answered.given() for answered in body.challenge_answers]
    await campus.own_answers.set(caller, body.current_password, answers)


@router.get("/students", summary="The students whom I may see", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def list_my_students(
    caller: Caller,
    campus: CampusPart,
    include_linked: Annotated[bool, Query(description="Those of linked accounts in other districts, too")] = False,
    explain: Annotated[bool, Query(description="Add counts of what is hidden, and why")] = False,
) -> StudentList:
    """A guardian sees those whose relationship has the portal flag; a student sees himself."""
    students = await campus.me.students(caller.account, include_linked=include_linked)
    return StudentList.of(students, await campus.me.hidden_students(caller.account) if explain else None)


@router.get("/menu", summary="What the school has switched on", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def get_my_menu(caller: Caller, campus: CampusPart) -> MenuAnswer:
    """Areas of the app, and notifications, that her children's schools have on now, with the children whom each is on for; a student's own, staff's.

    What is closed for the summer, a break or while grades are given says when it is back. A school may have other areas than the next one.
    """
    account = caller.account
    return MenuAnswer.of(await campus.menu.show(account.person_id, account.portal, account.district_id))


@router.get("/sessions", summary="Where I am signed in", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def list_my_sessions(caller: Caller, campus: CampusPart) -> SessionList:
    """Every live session of this account, the one of this request among them."""
    return SessionList.of(await campus.own_sessions.live(caller))


@router.delete("/sessions/{session_id}", summary="Sign out elsewhere", status_code=204, responses=refusals(NotFound))
@limited(Budget.SESSION)
async def end_my_session(session_id: UUID, caller: Caller, campus: CampusPart) -> None:
    """For a device that was lost: its tokens stop working at once."""
    await campus.own_sessions.end_one(caller, session_id)


@router.get("/activity", summary="What happened to my account", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def list_my_activity(
    caller: Caller, campus: CampusPart, end: Annotated[Position | None, Depends(after(BY_EVENT))], limit: Limit = 20
) -> ActivityList:
    """Sign-ins and security events, newest first; refused sign-ins, too, whoever tried."""
    return ActivityList.of(await campus.activity.page(caller, limit, end))
