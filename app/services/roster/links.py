"""agentSourcedIds: who is whose adult. Students list adults, adults list students, or both: the union counts."""

from app.services.roster.codes import WarningCode
from app.services.roster.people import Pair, Role, Roster, RosterPerson, Side, tie
from app.services.roster.table import Table


def link(roster: Roster, users: Table) -> None:
    """Adds to `roster.relationships` what the people's rows say: only adults who are parent, guardian or relative, only to students."""
    for person in roster.people.values():
        for agent_id in person.agents:
            users.refer(agent_id, users, person.row, "agentSourcedIds")
            if agent := roster.people.get(agent_id):  # None for users that are marked as deleted
                _link_pair(roster, users, person, agent)
        person.agents = ()  # said in `relationships` from here on


def relate(roster: Roster, pair: Pair, side: Side) -> None:
    """The pair as a relationship, which that side says, and perhaps the other one, too."""
    known = roster.relationships.get(pair)
    relation = roster.people[pair[0]].relation or Role.RELATIVE
    roster.relationships[pair] = tie(relation, Side.BOTH if known and known.said_by is not side else side)


def _link_pair(roster: Roster, users: Table, person: RosterPerson, agent: RosterPerson) -> None:
    if person is agent:
        users.warn(WarningCode.AGENT_NOT_LINKED, person.row, "agentSourcedIds")
    elif person.is_student and agent.relation:
        relate(roster, (agent.sourced_id, person.sourced_id), Side.STUDENT)
    elif person.relation and agent.is_student:
        relate(roster, (person.sourced_id, agent.sourced_id), Side.GUARDIAN)
    else:
        users.warn(WarningCode.AGENT_NOT_LINKED, person.row, "agentSourcedIds")
