"""What a driver may raise: three answers to the one question that matters, "has it happened or not?"."""

from __future__ import annotations

import ssl

from drivers.text import shown


class DeviceError(Exception):
    """Base of all driver errors. `device` is the port's word, `code` a stable snake_case word for logs and tables;
    `detail` may be what the device said."""

    def __init__(self, device: str, code: str, detail: str = "") -> None:
        detail = shown(detail)
        super().__init__(f"{device}: {code}" + (f" ({detail})" if detail else ""))
        self.device = device
        self.code = code
        self.detail = detail


class DeviceRefused(DeviceError):
    """The device answered and did not do it: nothing happened, and that is certain."""


class DeviceUnreachable(DeviceError):
    """The request never left, or a question that changes nothing stayed unanswered: nothing happened."""


class OutcomeUnknown(DeviceError):
    """The request may have been carried out. Never repeat it blindly: ask first."""


class ForeignState(DeviceError):
    """The device shows something we did not do (foreign document, swapped drive): a person must decide."""


def connection_word(error: BaseException | None) -> str:
    """Why there is no connection: `untrusted_certificate` (its issuer, its name or its time, by this machine's clock
    and its store of certificates), else `connection_refused`."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "untrusted_certificate"
        error = error.__cause__ or error.__context__
    return "connection_refused"


def pause_word(error: DeviceError) -> str:
    """Why nothing can be sold while `error` lasts: `offline` for silence, else the device's own word."""
    return "offline" if isinstance(error, DeviceUnreachable | OutcomeUnknown) else error.code


def trouble_word(error: DeviceError) -> str:
    """What waits and why, for a table: `foreign:code` where only a person can decide, else `device:code`."""
    return f"{'foreign' if isinstance(error, ForeignState) else error.device}:{error.code}"
