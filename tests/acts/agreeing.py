"""What is told of an answer, compared with what came."""

from typing import Any


def agrees(told: Any, answer: Any) -> bool:
    """What comes back is what is told: "…" stands for any value, and as a name for any
    further members; as the last of a list for any further ones.
    """
    if told == "…":
        return True
    if isinstance(told, dict) and isinstance(answer, dict):
        named = {name: value for name, value in told.items() if name != "…"}
        whole = "…" in told or set(answer) == set(told)
        return whole and all(name in answer and agrees(value, answer[name]) for name, value in named.items())
    if isinstance(told, list) and isinstance(answer, list):
        if told[-1:] == ["…"]:
            told, answer = told[:-1], answer[: len(told) - 1]
        return len(told) == len(answer) and all(map(agrees, told, answer))
    return bool(told == answer)
