"""Whose act is whose: every act of staff for every role, written down a second time."""

from __future__ import annotations

import dataclasses

import pytest

from kiosk.api.admission import PERSON, STAFF, TRAINEES
from kiosk.api.calls import Operation
from kiosk.api.operations import PUBLIC_OPERATIONS
from kiosk.domain.staff.names import actor_of_user
from kiosk.domain.staff.pins import is_easy, is_right, sealed
from kiosk.domain.staff.roles import MOVE_ROLES, Role
from kiosk.domain.staff.stuck import Move

#: t technician, s shift, m manager, o owner.
WHO_MAY = """
GET /api/service/session                              tsmo
POST /api/service/session/pin                         tsmo
DELETE /api/service/session                           tsmo
GET /api/service/status                               tsmo
GET /api/service/overview                             tsmo
GET /api/service/stats                                --mo
GET /api/service/stats/csv                            --mo
GET /api/service/stats/tables                         --mo
GET /api/service/stats/xlsx                           --mo
GET /api/service/alarms                               tsmo
POST /api/service/alarms/{alarm_id}/acknowledge       tsmo
POST /api/service/alarm-channels/{channel}/test       t-mo
POST /api/service/sales                               tsmo
POST /api/service/shift                               tsmo
POST /api/service/x-report                            tsmo
GET /api/service/shift                                tsmo
GET /api/service/shift/reports                        tsmo
GET /api/service/shift/reports/{shift}                tsmo
GET /api/service/registrars                           tsmo
POST /api/service/registrars/use                      t-mo
POST /api/service/registrars/replace-drive            t-mo
POST /api/service/corrections                         t-mo
GET /api/service/corrections/{order_id}               t-mo
GET /api/service/process                              t-mo
POST /api/service/screens/reload                      t-mo
POST /api/service/process/restart                     t-mo
POST /api/service/browser/restart                     t-mo
GET /api/service/traffic                              t-mo
POST /api/service/traffic                             t-mo
GET /api/service/tasks                                t-mo
POST /api/service/tasks/audit                         t-mo
POST /api/service/tasks/trial                         --mo
POST /api/service/tasks/backup                        t-mo
GET /api/service/log                                  t-mo
GET /api/service/events                               t-mo
POST /api/service/support-bundle                      t-mo
POST /api/service/test-print                          tsmo
GET /api/service/terminal                             tsmo
POST /api/service/terminal/settle                     tsmo
POST /api/service/refill                              tsmo
GET /api/service/lots                                 tsmo
GET /api/service/lots/journal                         tsmo
GET /api/service/lots/trace                           --mo
POST /api/service/lots/recall                         --mo
POST /api/service/lots/lift                           --mo
POST /api/service/lots/{lot_id}/write-off             -smo
POST /api/service/lots/{lot_id}/expiry                -smo
POST /api/service/robot/acknowledge                   tsmo
GET /api/service/kitchen                              tsmo
GET /api/service/temperatures                         tsmo
GET /api/service/upkeep                               tsmo
GET /api/service/upkeep/journal                       tsmo
POST /api/service/upkeep/{upkeep_id}/done             tsmo
GET /api/service/customers                            --mo
POST /api/service/customers/find                      --mo
POST /api/service/customers/export                    --mo
POST /api/service/customers/erase                     --mo
POST /api/service/customers/block                     --mo
POST /api/service/customers/unblock                   --mo
GET /api/service/cells                                tsmo
GET /api/service/cells/journal                        tsmo
POST /api/service/cells/{cell}                        -smo
POST /api/service/orders/find                         -smo
GET /api/service/orders/{order_id}                    tsmo
POST /api/service/orders/{order_id}/pickup-code       -smo
POST /api/service/stop-list                           -smo
POST /api/service/orders/{order_id}/refund            -smo
POST /api/service/orders/{order_id}/refund/estimate   -smo
GET /api/service/refund-requests                      -smo
POST /api/service/refund-requests/{request_id}/confirm  -smo
POST /api/service/refund-requests/{request_id}/refuse   -smo
GET /api/service/till                                 -smo
POST /api/service/till/{code}                         -smo
POST /api/service/till/{code}/receipt                 -smo
DELETE /api/service/till/{code}                       -smo
GET /api/service/stuck                                tsmo
POST /api/service/stuck/{stuck_id}                    tsmo
POST /api/service/webhooks                            t-mo
POST /api/service/menu/pictures                       --mo
GET /api/service/menu/document                        t-mo
GET /api/service/menu/draft                           t-mo
POST /api/service/menu/draft                          --mo
DELETE /api/service/menu/draft                        --mo
POST /api/service/menu/draft/changes                  --mo
POST /api/service/menu/draft/update                   --mo
POST /api/service/menu/draft/publish                  --mo
GET /api/service/menu/revisions                       t-mo
GET /api/service/menu/revisions/{revision}            t-mo
POST /api/service/menu/revisions/{revision}/publish   --mo
GET /api/service/staff                                ---o
POST /api/service/staff                               ---o
POST /api/service/staff/{person_id}                   ---o
GET /api/sim                                          tsmo
POST /api/sim                                         tsmo
POST /api/sim/till/{code}                             tsmo
""".strip().splitlines()
MOVES = {"retry": "tsmo", "refund": "-smo", "issue": "t-mo", "adopt": "t-mo", "accept": "-smo"}


def told(roles: frozenset[Role]) -> str:
    return "".join(role.value[0] if role in roles else "-" for role in Role)


def acts(rows: tuple[Operation, ...]) -> dict[str, str]:
    return {" ".join(row.at): told(row.may) for row in rows if row.who in (STAFF, PERSON, TRAINEES)}


def quarrels(rows: tuple[Operation, ...]) -> set[tuple[str, str]]:
    expected = {tuple(line.rsplit(maxsplit=1)) for line in WHO_MAY}
    return set(acts(rows).items()) ^ {(act, who) for act, who in expected}


def test_every_act_of_staff_is_for_the_roles_that_are_written_here_and_for_no_other() -> None:
    assert quarrels(PUBLIC_OPERATIONS) == set()
    assert {move.value: told(roles) for move, roles in MOVE_ROLES.items()} == MOVES
    assert MOVE_ROLES.keys() == set(Move)


@pytest.mark.parametrize("may", [frozenset(), frozenset(Role)], ids=["nobody's", "everybody's"])
def test_planted_act_without_its_roles_is_told(may: frozenset[Role]) -> None:
    act = "POST /api/service/orders/{order_id}/refund"
    planted = tuple(dataclasses.replace(row, may=may) if " ".join(row.at) == act else row for row in PUBLIC_OPERATIONS)
    assert {found for found, _ in quarrels(planted)} == {act}


def test_pin_is_recognised_by_its_seal_alone_and_what_is_tried_first_is_none() -> None:
    salt = "ab" * 16
    kept = sealed("482915", salt)
    assert "482915" not in kept
    assert is_right("482915", salt, kept)
    assert not is_right("482916", salt, kept)
    assert not is_right("482915", "cd" * 16, kept)
    easy = ("000000", "121212", "123456", "987654", "098765", "345678", "482482", "1111222")
    assert [pin for pin in easy if not is_easy(pin)] == []
    assert [pin for pin in ("482915", "730264", "19850612", "112358") if is_easy(pin)] == []


def test_what_the_user_of_the_service_does_is_not_written_down_as_what_the_kiosk_does_by_itself() -> None:
    assert [actor_of_user(998, name) for name in ("kiosk", "unknown", "", "oleg")] == ["uid:998"] * 3 + ["oleg"]
