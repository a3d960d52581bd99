"""Somebody who only hears the kiosk: a synthesiser that records and speaks while it is let, and the keypad's keys."""

from __future__ import annotations

from playwright.async_api import Page

from tests.restaurant import until

#: Each phrase lasts until it is heard to its end (`voice.end()`) or another one cuts it short.
VOICE = """window.voice = {said: [], current: null,
    end() { const u = this.current; this.current = null; u?.onend?.({}); }};
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, 'speechSynthesis', {value: {
    getVoices: () => [],
    speak(u) { voice.current = u; voice.said.push([u.text, u.lang]); },
    cancel() { const u = voice.current; voice.current = null; u?.onerror?.({error: 'interrupted'}); },
}});"""
NEXT, BACK, CHOOSE, REPEAT = "ArrowDown", "ArrowUp", "Enter", "F1"


class Ear:
    """Every key costs a step; what has been heard is all there is to decide by."""

    def __init__(self, page: Page, steps: int) -> None:
        self._page = page
        self._left = steps
        self._taken = 0
        self.heard: list[str] = []

    @classmethod
    async def at(cls, page: Page, steps: int = 200) -> Ear:
        """At a page that is loaded anew with the voice in it."""
        await page.add_init_script(VOICE)
        await page.reload()
        await page.locator(
            ".attract .wait:not(.unknown)"
        ).wait_for()  # the restaurant has answered: all of the page is here
        return cls(page, steps)

    async def press(self, key: str) -> None:
        assert self._left > 0, f"out of steps after {self.heard[-8:]}"
        self._left -= 1
        await self._page.keyboard.press(key)

    async def phrase(self) -> str:
        """The next phrase, as soon as it begins."""

        async def begun() -> bool:
            return int(await self._page.evaluate("voice.said.length")) > self._taken

        await until(begun)
        text = str(await self._page.evaluate("n => voice.said[n][0]", self._taken))
        self._taken += 1
        self.heard.append(text)
        return text

    async def end(self) -> None:
        """The present phrase is heard to its end."""
        await self._page.evaluate("voice.end()")

    async def hear(self, words: str) -> str:
        """Lets it read until the words come."""
        while True:
            await self._page.evaluate("n => voice.said.length === n && voice.end()", self._taken)
            if words in (text := await self.phrase()):
                return text

    async def choose(self, words: str) -> None:
        """Stops the reading at the words and chooses what they name: it is said again, then acted upon."""
        text = await self.hear(words)
        await self.press(CHOOSE)
        assert await self.phrase() == text
        self.heard.pop()
        await self.press(CHOOSE)

    async def walk_to(self, words: str, key: str = NEXT) -> None:
        """By key, from phrase to phrase, and chooses at once: whoever came by himself has heard it."""
        await self.press(key)
        while words not in await self.phrase():
            await self.press(key)
        await self.press(CHOOSE)

    async def miss(self) -> None:
        """Whatever was said meanwhile went by."""
        self._taken = int(await self._page.evaluate("voice.said.length"))

    async def is_silent(self) -> bool:
        """Nothing was said but what has been heard, once the page had its time to speak up."""
        await self._page.evaluate("new Promise((past) => setTimeout(past, 400))")
        return int(await self._page.evaluate("voice.said.length")) == self._taken
