"""What the simulated registrar reports about its registration, and its service command (FF09, FF0E, FE)."""

from __future__ import annotations

from drivers.fiscal.ffd.drive import REGISTRATION
from drivers.fiscal.fields import Fields, moment_bytes, uint
from drivers.sim.drive import INN, REGISTRATION_NUMBER, TAX_SYSTEMS, Document
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.register import Register
from drivers.sim.shtrih.tables import DRIVE, MODE_OF_WORK

_NO_DATA, _UNSUPPORTED = 0x08, 0x37
_NO_REASON = 0
_LOADER_VERSION = 134
#: Functions of FE: the loader's version, a ping, a restart, graphics off and on.
_VERSION, _REBOOT, _WITHOUT_EFFECT = 0xEC, 0xF3, (0xF2, 0xFE, 0xFF)


def fiscalisation(register: Register, operator: int, data: bytes) -> bytes:
    """FF09: date, INN, registration number, tax systems, mode of work, reason, document, sign."""
    report = _report(register, 1)
    numbers = bytes((TAX_SYSTEMS, register.tables.number(DRIVE, MODE_OF_WORK), _NO_REASON))
    head = moment_bytes(report.at) + INN.ljust(12).encode() + REGISTRATION_NUMBER.ljust(20).encode()
    return head + numbers + uint(report.number, 4) + uint(report.sign, 4)


def fiscalisation_tag(register: Register, operator: int, data: bytes) -> bytes:
    """FF0E: one requisite of a registration report."""
    fields = Fields(data)
    report, wanted = _report(register, fields.uint(1)), fields.uint(2)
    for tlv in report.requisites():
        if tlv.tag == wanted:
            return tlv.encode()
    raise Refusal(_NO_DATA)


def service(register: Register, operator: int, data: bytes) -> bytes:
    """FE, without a password: what harms nothing. What programs or erases the register is refused."""
    function = data[0]
    if function == _VERSION:
        return uint(_LOADER_VERSION, 4)
    if function == _REBOOT:
        register.power_cut()
    elif function not in _WITHOUT_EFFECT:
        raise Refusal(_UNSUPPORTED)
    return b""


def _report(register: Register, ordinal: int) -> Document:
    """The register was registered once, by its first document."""
    document = register.drive.document(ordinal) if ordinal == 1 else None
    if document is None or document.kind != REGISTRATION:
        raise Refusal(_NO_DATA)
    return document
