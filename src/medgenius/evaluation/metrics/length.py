"""How long answers are."""


def word_count(answer: str) -> int:
    """Words between white space. Tokens are counted where they are: the length of the generated ids."""
    return len(answer.split())
