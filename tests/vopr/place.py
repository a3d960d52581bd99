"""`tests.crash.rig.World` as a simulated day has it: all customers ask at once, and staff do by hand what only they
can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.crash.calls import Answer, Gone
from tests.crash.rig import Purchase, World

#: Whoever has given money back by hand says so: of no other line of `kiosk stuck` is it the truth.
_BY_HAND = ":by_hand"
_LOOKS = 15  # rounds of the customers between two looks of staff at what is stuck


class Place(World):
    """`parts_go_back_by`: methods of which a part of the sum may be given back."""

    parts_go_back_by: tuple[str, ...] = ("token",)
    _rounds = 0

    def _lay_database(self) -> None:
        """The day has done so, or its first life makes it."""

    def _get_ready(self, config: Path) -> None:
        """What is forked from is: `tests.vopr.__main__.warm`."""

    def create(
        self, port: int, item: str = "tea", card_token: str = "tok_ok", quantity: int = 1, token: str = "", **more: Any
    ) -> Purchase:
        """By the first way that is offered, where none is named."""
        first = self.methods[0] if self.several_ways else "token"
        return super().create(port, item, card_token, quantity, token, **{"method": first, **more})

    def ask_refund(self, purchase: Purchase, items: list[dict[str, Any]] | None = None) -> Answer:
        """Of the whole, where a part cannot go back."""
        return super().ask_refund(purchase, items if purchase.method in self.parts_go_back_by else None)

    def asks_again_in_s(self, waited_s: float) -> float:
        """Less often: virtual time costs nothing, a question does."""
        return min(0.02 + waited_s / 4, 0.25)

    def settle(self, port: int, *, patient: bool = True, deadline_s: float = 60.0) -> None:
        """The same end and the same rules; nobody waits for another's order."""
        open_ = list(self.purchases)

        def all_over() -> bool:
            self._rounds += 1
            if self._rounds % _LOOKS == 0:
                self.see_to_stuck()
            open_[:] = [purchase for purchase in open_ if not self._is_over(port, purchase, patient=patient)]
            return not open_

        try:
            self.until(all_over, "every order ends", deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {[purchase.order_id for purchase in open_]}") from error
        self.read_books(port)

    def _is_over(self, port: int, purchase: Purchase, *, patient: bool) -> bool:
        try:
            return self.is_over(port, purchase, patient=patient)
        except Gone:
            if self.died:
                raise
            return False

    def see_to_stuck(self) -> None:
        """Staff has given back what waits for their hands, and says of a device that was mended that it is. Raises
        `Gone`."""
        for row in self.staff("GET", "/internal/stuck").body["stuck"]:
            by_hand = row["detail"].endswith(_BY_HAND) and "accept" in row["moves"]
            if by_hand or row["kind"] == "device_tripped":
                move = "accept" if by_hand else "retry"
                self.by_hand |= {row["stuck_id"]} if by_hand else set()  # also where nobody hears that it was taken
                self.staff("POST", f"/internal/stuck/{row['stuck_id']}", {"move": move})
