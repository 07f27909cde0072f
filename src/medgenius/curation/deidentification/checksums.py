"""Check digits of numbers that identify a person or an account. Each takes the number without separators."""

from collections.abc import Callable, Sequence

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_VERHOEFF_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_PERMUTATION = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_CODICE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
         2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: payment cards, Canadian and Swedish numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(code: str) -> bool:
    """ISO 13616: country, check digits and account, modulo 97."""
    moved = code[4:] + code[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def nhs(digits: str) -> bool:
    """NHS number of England and Wales: ten digits, modulo 11."""
    return 11 - weighted(digits[:9], range(10, 1, -1)) % 11 in {
        int(digits[9]),
        int(digits[9]) + 11 * (digits[9] == "0"),
    }


def dni(code: str) -> bool:
    """Spanish DNI (eight digits and a letter) or NIE (X, Y or Z, seven digits and a letter)."""
    number = code[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == code[-1]


def codice_fiscale(code: str) -> bool:
    """Italian tax code: the 16th character checks the 15 before."""
    odd = sum(_CODICE_ODD[character] for character in code[0:15:2])
    even = sum(int(character) if character.isdigit() else ord(character) - 65 for character in code[1:15:2])
    return chr((odd + even) % 26 + 65) == code[15]


def nir(code: str) -> bool:
    """French NIR: 13 characters, of which Corsica writes two as 2A or 2B, and a key modulo 97."""
    number = code[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(number) % 97 == int(code[13:15])


def verhoeff(digits: str) -> bool:
    """Indian Aadhaar."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_PERMUTATION[place % 8][int(digit)])])
    return check == 0


def pesel(digits: str) -> bool:
    """Polish PESEL: eleven digits; the month carries the century."""
    month_and_day = 1 <= int(digits[2:4]) % 20 <= 12 and 1 <= int(digits[4:6]) <= 31
    return month_and_day and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def cpf(digits: str) -> bool:
    """Brazilian CPF: the last two of eleven digits check the rest."""
    for length in (9, 10):
        rest = weighted(digits[:length], range(length + 1, 1, -1)) * 10 % 11 % 10
        if rest != int(digits[length]):
            return False
    return True


def steuer_id(digits: str) -> bool:
    """German tax number, ISO 7064 modulo 11, 10."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def chinese_id(code: str) -> bool:
    """Chinese resident number: 17 digits and a check character, ISO 7064 modulo 11-2."""
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    return "10X98765432"[weighted(code[:17], weights) % 11] == code[17]


def bsn(digits: str) -> bool:
    """Dutch BSN: nine digits, modulo 11."""
    return weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def turkish_id(digits: str) -> bool:
    """Turkish number: the last two of eleven digits check the rest."""
    odd = sum(int(digit) for digit in digits[0:9:2])
    even = sum(int(digit) for digit in digits[1:8:2])
    tenth = (7 * odd - even) % 10
    return tenth == int(digits[9]) and (odd + even + tenth) % 10 == int(digits[10])


def weighted(digits: str, weights: Sequence[int] | range) -> int:
    """Sum of digits times weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def passes(check: Callable[[str], bool], text: str) -> bool:
    """Whether a number passes its check after its separators are removed; a number of the wrong form does not."""
    code = "".join(character for character in text if character.isalnum()).upper()
    if not code.isascii():
        return False
    try:
        return check(code)
    except (IndexError, KeyError, ValueError):
        return False
