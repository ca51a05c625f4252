"""agentSourcedIds: who is whose adult. Students list adults, adults list students, or both: the union counts."""

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.people import Role, Roster, RosterPerson
from app.services.roster.table import Table


def link(roster: Roster, users: Table) -> None:
    """Fills `roster.relationships`: only adults who are parent, guardian or relative, only to students."""
    for person in roster.people.values():
        for agent_id in person.agents:
            agent = roster.people.get(agent_id)
            if not users.knows(agent_id):
                users.fault(FaultCode.DANGLING_REFERENCE, person.row, "agentSourcedIds")
            elif agent:  # None for users that are marked as deleted
                _link_pair(roster, users, person, agent)
        person.agents = ()  # said in `relationships` from here on


def _link_pair(roster: Roster, users: Table, person: RosterPerson, agent: RosterPerson) -> None:
    if person is agent:
        pair = None
    elif person.is_student and agent.relation:
        pair = agent, person
    elif person.relation and agent.is_student:
        pair = person, agent
    else:
        pair = None
    if pair:
        adult, student = pair
        roster.relationships[adult.sourced_id, student.sourced_id] = adult.relation or Role.RELATIVE
    else:
        users.warn(WarningCode.AGENT_NOT_LINKED, person.row, "agentSourcedIds")
