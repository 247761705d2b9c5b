"""A small model of how words are spelt; stands for any that takes a while to load."""

import random
import re
from collections import defaultdict

END = "."
SHORTEST = 5


class Words:
    """Knows which letter may follow which two, and makes words of that."""

    def __init__(self, known: set[str], following: dict[str, list[str]]) -> None:
        self._known = known
        self._following = following

    @classmethod
    def learnt(cls) -> "Words":
        """Learn from Python's own manual, which comes with Python."""
        from pydoc_data.topics import topics

        known = set()
        following = defaultdict(list)
        for match in re.finditer(r"\b[a-z]{4,12}\b", " ".join(topics.values())):
            known.add(word := match[0])
            for place, letter in enumerate(word + END):
                following[word[max(place - 2, 0) : place]].append(letter)
        return cls(known, dict(following))

    def invent(self) -> str:
        """Make up a word that is not in the manual."""
        while len(word := self._spell()) < SHORTEST or word in self._known:
            pass
        return word

    def _spell(self) -> str:
        word = ""
        while (letter := random.choice(self._following[word[-2:]])) != END:  # noqa: S311
            word += letter
        return word
